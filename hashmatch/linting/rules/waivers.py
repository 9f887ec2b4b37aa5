"""HM901, HM902: waivers that are over, or that nothing needs any more.

The waivers themselves are looked at by ``hashmatch.linting.waivers``.
"""

from __future__ import annotations

from hashmatch.linting.check import Check, Family
from hashmatch.linting.rule import Level, Rule, Words

EXPIRED = Rule(
    "HM901",
    Level.ERROR,
    Words("waiver has expired", "การยกเว้นหมดอายุ"),
    "Somebody promised to look at the finding by that day.",
    Words("repair the list, or decide again", "แก้ไขรายการ หรือพิจารณาใหม่"),
    needs="--waivers",
)
UNUSED = Rule(
    "HM902",
    Level.INFO,
    Words("waiver fits no finding", "การยกเว้นไม่ตรงกับข้อใด"),
    "The list was repaired, or the waiver never fitted.",
    Words("remove the waiver", "ลบการยกเว้น"),
    needs="--waivers",
)

FAMILY = Family((EXPIRED, UNUSED), Check)
