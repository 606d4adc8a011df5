"""English: what its copy does without."""

from string import ascii_lowercase
from typing import Final

from notifications.copy_words.language import Banned, Language, either, listed

ENGLISH: Final = Language(
    name="English",
    letters=frozenset(ascii_lowercase),
    marks=frozenset(" .,;:!?'\u2019-\u2013\u2014"),
    banned=(
        # "The step may wait" lets somebody off; whatever is waiting, or waits, looks at them.
        Banned(
            "pressure",
            listed(
                "streak* miss misses missed missing waits waited waiting await awaits awaited awaiting",
                "still again yet finally forget forgets forgetting forgot forgotten overdue",
                "lose loses losing lost last_chance* must mustn't should shouldn't",
                "need_to needs_to needed_to have_to has_to had_to having_to don't dont do_not",
                "hurry urgent* deadline* remember_to your_turn haven't hasn't have_not",
            ),
            innocent=listed("no_hurry without_hurry"),
        ),
        Banned(
            "mind_reading",
            listed(
                "only_you your_partner* feels wants sad sadder sadly sadness lonely lonelier loneliness",
                "worry worries worried worrying upset upsets upsetting",
            ),
        ),
        Banned("measuring", listed("score scores scored scoring level levels percent percents percentage*")),
        Banned(
            "label",
            listed("anxious* anxiety avoidant* codependen* co-dependen* toxic*"),
        ),
        Banned(
            "gender",
            listed(
                "he she him her hers his himself herself man men woman women husband* wife wives",
                "boyfriend* girlfriend* guy guys girl girls boy boys lady ladies gentleman gentlemen",
                "mother mothers father fathers mum mums mom moms dad dads bride* groom grooms",
            ),
        ),
        Banned(
            "lock_screen",
            listed(
                "heart hearts hearted heartfelt heartache* heartbeat* heartbreak* heartbroken sweetheart*",
                "love loves loved loving lovingly lover lovers beloved couple couples partner* relationship*",
                "your_other_half better_half darling* honey",
                "goal goals mood moods moody therap* help helps helped helping helpful helpfully helpless* helper*",
            ),
        ),
    ),
    permits=listed(
        "could may if when whenever welcome no_hurry without_hurry or_no or_none or_not or_nothing",
    ),
    asked=either(r"^\W*when\b", listed("could_you may_you")),
    presumes=either(
        r"^\W*(?:did|have|had|are|were|will|would|can|could|do|has|is)(?:n't)? (?:you|it been)\b",
        listed(
            "why how_come *n't not no never nobody nothing neither hardly barely even",
            "fail* wrong stop stops stopped stopping prevent* keep_you keeps_you kept_you held_you",
            "hard harder difficult* struggl* trouble* problem* busy tired too behind late stuck",
            "give_up giving_up gave_up given_up skip* avoid* excuse* already at_least",
        ),
    ),
    # Names, days and months have capitals; "I" would be a machine that speaks as somebody.
    proper=either(r"(?<=[\w,;:'\u2019\u2013\u2014-] )[^\W\d_a-z][\w'\u2019]*", r"\bI\b"),
)
