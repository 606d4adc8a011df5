"""Names for the things that have an identity, so that no two of them are mixed up."""

from typing import NewType
from uuid import UUID

PersonId = NewType("PersonId", UUID)
CoupleId = NewType("CoupleId", UUID)
SpaceId = NewType("SpaceId", UUID)
DeviceId = NewType("DeviceId", UUID)
RecordId = NewType("RecordId", UUID)
