"""Decide a purge: which words are the caller's own, and everything that has to change so that none of them stays."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.kind import Kind, Ownership
from domain.kinds import KINDS, holds_words
from domain.notes import SHELF
from domain.policies import Policy
from domain.records import Purged, Record, Stamp
from domain.shapes import Approval, SetOf, Text
from sync.bodies import encoded
from sync.ports import Caller, PurgeScope, RecordKey, Revision, Stored, Value, Writes
from sync.proof import renewed
from sync.purge import marked, own_sentences
from sync.sealing import keyed_id
from sync.standing import keep
from sync.withheld import hushed, told_of
from sync.words import sentences, without
from sync.writers import forgotten, writer


def purge(
    scope: PurgeScope,
    caller: Caller,
    kind_name: str,
    identity: RecordId,
    id_keys: Mapping[SpaceId, bytes],
) -> Writes | None:
    """Return what a purge changes; writes without a space when there is nothing left to do.

    Return None when there is no such record for this person.
    """
    kind = KINDS.get(kind_name)
    record = next(
        (
            each
            for each in scope.records
            if each.id == identity and each.kind == kind_name and each.space in scope.spaces
        ),
        None,
    )
    if kind is None or record is None or not _may(kind, record, caller.person):
        return None
    return _Purge(scope, caller, kind, record, id_keys).writes()


def _may(kind: Kind, record: Record, person: PersonId) -> bool:
    """Whether this person has words of their own in the record: as its author, or in a text of both."""
    if kind.ownership is Ownership.PROJECTION:
        return False
    return record.author == person or bool(kind.of_policy(Policy.SHARED_WORDS))


class _Purge:
    """One purge under way."""

    def __init__(
        self, scope: PurgeScope, caller: Caller, kind: Kind, record: Record, id_keys: Mapping[SpaceId, bytes]
    ) -> None:
        self.scope, self.caller, self.kind, self.record, self.id_keys = scope, caller, kind, record, id_keys
        self.heads = {identity: space.head for identity, space in (scope.spaces | scope.inboxes).items()}
        self.changed: list[Record] = []
        self.revisions: list[Revision] = []
        self.forgotten: list[RecordKey] = []

    def writes(self) -> Writes:
        letter = self.kind.ownership is Ownership.LETTER
        own = self._own_sentences() | self._own_apart()
        # Against every version so far, so that whatever an older edit says about them is kept out.
        mark = marked(
            self.record.purged,
            self.heads[self.record.space] + 1,
            own,
            self.id_keys[self.record.space],
            self.record.id,
        )
        if own and not letter and not (self.record.gone and _adds_nothing(mark, self.record.purged)):
            self._clean_record(mark, own)
            self._clean_revisions(own)
        self._forget_drafts(own)
        self._clean_boxes(own)
        if letter and self.record.author == self.caller.person:
            self._put_out_of_sight()
        spaces = self.scope.spaces | self.scope.inboxes
        before = {(each.space, each.id): each for each in (*self.scope.records, self.record)}
        changed = told_of(self.changed, before, spaces)
        written = {record.space for record in changed}
        return Writes(
            spaces={identity: spaces[identity] for identity in sorted(written)},
            heads={identity: self.heads[identity] for identity in written},
            records=tuple(Stored(record, encoded(record)) for record in changed),
            revisions=tuple(self.revisions),
            forgotten=tuple(self.forgotten),
            also_closed=True,
            hushed=hushed(changed, before),
        )

    def _own_sentences(self) -> set[str]:
        own: set[str] = set()
        for name in self._texts():
            # An alternative is a whole text: what it has of the other's sentences does not make them one's own.
            beside = [Value(name, each.text, each.by) for each in self.record.alternatives.get(name, ())]
            chain = [*self._chain(name), *beside]
            if self.kind.fields[name].policy is Policy.SHARED_WORDS:
                own |= own_sentences(self.caller.person, chain, partial(writer, self.record.stamps, name))
            else:
                own |= {sentence for value in chain for sentence in sentences(value.value)}
        return own

    def _texts(self) -> list[str]:
        return [name for name, field in self.kind.written.items() if isinstance(field.shape, Text)]

    def _apart(self) -> list[str]:
        """Return the fields that hold words otherwise than as a text: sets of one's own words, and what is sealed."""
        return [name for name in self.kind.written if holds_words(self.kind, name) and name not in self._texts()]

    def _hashes(self) -> list[str]:
        """Return the fields by whose hashes somebody could find out by guessing what the words were."""
        shapes = ((name, field.shape) for name, field in self.kind.written.items())
        return [name for name, shape in shapes if isinstance(shape, SetOf) and isinstance(shape.element, Approval)]

    def _own_apart(self) -> set[str]:
        """Return what these hold and held: each such record is one person's alone."""
        values = [self.record.fields.get(name) for name in self._apart()]
        values += [value.value for each in self._revisions() for value in each.values if value.field in self._apart()]
        return {word for value in values for word in (value if isinstance(value, list) else [value]) if word}

    def _revisions(self) -> list[Revision]:
        key = (self.record.space, self.record.id)
        return [each for each in self.scope.revisions if (each.space, each.record) == key]

    def _chain(self, name: str) -> list[Value]:
        """Return a text's values from the oldest kept to the present one."""
        chain = [
            value
            for revision in sorted(self.scope.revisions, key=lambda each: each.version)
            if revision.record == self.record.id and revision.space == self.record.space
            for value in revision.values
            if value.field == name and isinstance(value.value, str)
        ]
        by = self.record.stamp(name).person or self.record.author
        present = (self._given() if self.record.gone else self.record.fields).get(name)
        return [*chain, Value(name, present, by)] if isinstance(present, str) else chain

    def _given(self) -> Mapping[str, Any]:
        """Return the words of the letter that this draft has become."""
        letter = next((each for each in self.scope.records if each.id == self.record.shown_id), None)
        return {} if letter is None or self.kind.letter is None else letter.fields

    def _clean_record(self, mark: Purged, own: set[str]) -> None:
        """Take the words out themselves, not what their mark remembers: none stays, however many they are."""
        fields = {
            name: self._emptied(name, _without(own, value)) if name in self._texts() else value
            for name, value in self.record.fields.items()
        }
        emptied = (*self._apart(), *self._hashes())
        fields |= {name: self.kind.fields[name].shape.empty for name in emptied if name in fields}
        alternatives = {
            name: tuple(
                replace(each, text=text)
                for each in beside
                if each.by != self.caller.person and (text := _without(own, each.text))
            )
            for name, beside in self.record.alternatives.items()
        }
        cleaned_record = replace(
            self.record,
            fields=fields,
            alternatives={name: beside for name, beside in alternatives.items() if beside},
            merged=tuple(name for name in self.record.merged if fields.get(name)),
            purged=mark,
            stamps=self._stamps_without(own),
        )
        space = self.scope.spaces[self.record.space]
        self._put(renewed(cleaned_record, self.kind, space, self.id_keys[space.id]))
        self._clean_shown(fields)

    def _stamps_without(self, own: set[str]) -> dict[str, Stamp]:
        stamps = dict(self.record.stamps)
        for name in (*self._apart(), *self._hashes()):
            keep(stamps, name, ())
        for name in self.kind.of_policy(Policy.SHARED_WORDS):
            stamps = forgotten(stamps, name, own)
        return stamps

    def _emptied(self, name: str, value: Any) -> Any:
        shape = self.kind.fields[name].shape
        return None if value == "" and isinstance(shape, Text) and shape.optional else value

    def _clean_shown(self, fields: Mapping[str, Any]) -> None:
        """The shown copy follows: the text that is gone here is gone there."""
        shown = next((each for each in self.scope.records if each.id == self.record.shown_id), None)
        if shown is None or shown.gone or self.kind.window is None:
            return
        follows = {name: fields[name] for name in self._texts() if name in shown.fields}
        if any(shown.fields[name] != value for name, value in follows.items()):
            self._put(replace(shown, fields=shown.fields | follows))
            self.forgotten.append((shown.space, shown.id))

    def _clean_revisions(self, own: set[str]) -> None:
        """Write what stands behind anew, without the purged sentences: the partner's words there stay."""
        key, gone = (self.record.space, self.record.id), {*self._apart(), *self._hashes()}
        self.forgotten.append(key)
        for revision in self._revisions():
            values = tuple(
                replace(value, value=left)
                for value in revision.values
                if value.field not in gone and (left := _without(own, value.value)) != ""
            )
            if values:
                self.revisions.append(replace(revision, values=values))

    def _drafts(self) -> list[Record]:
        """Return the draft that a letter was given from: its writer still holds what stands behind it."""
        return [each for each in self.scope.records if each.gone and each.shown_id == self.record.id]

    def _forget_drafts(self, own: set[str]) -> None:
        """Destroy what stands behind the draft, and keep the words out when an older edit of it arrives."""
        for draft in self._drafts():
            mark = marked(draft.purged, self.heads[draft.space] + 1, own, self.id_keys[draft.space], draft.id)
            adds = own and not _adds_nothing(mark, draft.purged)
            if adds or any(revision.record == draft.id for revision in self.scope.revisions):
                self.forgotten.append((draft.space, draft.id))
                self._put(replace(draft, purged=mark))

    def _clean_boxes(self, own: set[str]) -> None:
        """Wipe the notices and one's own unplaced words about the record; take the sentences out of the other's."""
        about = {self.record.id, *(draft.id for draft in self._drafts())}
        for box in self.scope.records:
            if box.kind not in ("notice", "unplaced") or box.gone or not {box.id, box.family} & about:
                continue
            if box.kind == "notice":
                if box.author == self.caller.person:
                    self._put(replace(box, gone=True, fields={}))
            elif box.author == self.caller.person:
                self._put(replace(box, gone=True, fields={}, purged=self._mark_of(box)))
            elif self.record.shut_at is None:
                # The other's words about what is shut for them are their own, and by those they are to notice nothing.
                words = {name: text for name, value in box.fields["words"].items() if (text := _without(own, value))}
                if words != box.fields["words"]:
                    self._put(replace(box, gone=not words, fields=box.fields | {"words": words} if words else {}))

    def _put_out_of_sight(self) -> None:
        """Hide a letter from its writer, who wants its words gone: it stays with its receiver."""
        own = [
            each
            for each in self.scope.records
            if each.kind == SHELF.name and each.family == self.record.id and each.author == self.caller.person
        ]
        if any(each.live and each.fields["hidden"] for each in own):
            return
        id_key = self.id_keys[self.caller.personal]
        fields = {name: field.shape.empty for name, field in SHELF.fields.items()}
        made = Record(
            space=self.caller.personal,
            kind=SHELF.name,
            id=RecordId(keyed_id(id_key, SHELF.name, self.caller.person, self.record.id)),
            version=0,
            created=self.heads[self.caller.personal] + 1,
            author=self.caller.person,
            fields=fields | {"about": str(self.record.id)},
            family=self.record.id,
        )
        standing = next((each for each in own if each.live), made)
        self._put(replace(standing, fields=standing.fields | {"hidden": True}))

    def _mark_of(self, box: Record) -> Purged:
        """Remember the sentences of a box: other phones may still wait to say them, or hold them in an older copy."""
        said = {sentence for text in box.fields["words"].values() for sentence in sentences(text)}
        return marked(box.purged, self.heads[box.space] + 1, said, self.id_keys[box.space], box.id)

    def _put(self, record: Record) -> None:
        self.heads[record.space] += 1
        self.changed.append(replace(record, version=self.heads[record.space]))


def _without(own: set[str], value: Any) -> Any:
    """Return a text without these sentences; anything else as it is."""
    return without(value, own.__contains__) if isinstance(value, str) else value


def _adds_nothing(mark: Purged, before: Purged | None) -> bool:
    return before is not None and (mark.hashes, mark.sieve) == (before.hashes, before.sieve)
