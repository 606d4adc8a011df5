"""How two partners' phones agree: merging, reconciling, the store, and the device itself."""
