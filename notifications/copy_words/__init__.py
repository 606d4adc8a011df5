"""The words that copy does without, language by language; a language without a list here has no copy."""

from typing import Final

from notifications.copy_words.de import GERMAN
from notifications.copy_words.en import ENGLISH
from notifications.copy_words.es import SPANISH

LANGUAGES: Final = {"de": GERMAN, "en": ENGLISH, "es": SPANISH}
