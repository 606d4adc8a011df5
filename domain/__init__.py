"""What two people can do here, and what can never happen: values in, values out, no IO."""
