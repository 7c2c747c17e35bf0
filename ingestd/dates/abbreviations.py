"""Abbreviations of time zones."""

from collections.abc import Mapping
from datetime import timedelta, timezone

#: Zone abbreviation in news pages and feeds → offset from UTC in hours.  Ambiguous ones (IST, CST, BST)
#: are read as English-language wires use them: Indian, US Central and British Summer Time.
ZONES = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2,
    "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "МСК": 3, "TRT": 3, "IST": 5.5, "PKT": 5, "NPT": 5.75, "ICT": 7,
    "WIB": 7, "WITA": 8, "WIT": 9, "MYT": 8, "PHT": 8, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5,
    "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "SAST": 2, "CAT": 2, "EAT": 3, "WAT": 1, "GST": 4,
    "AST": -4, "ADT": -3, "NST": -3.5, "NDT": -2.5, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3, "ART": -3, "CLT": -4, "UYT": -3,
    "北京时间": 8, "北京時間": 8, "台北時間": 8, "日本時間": 9, "한국시간": 9,
}  # fmt: skip
#: Abbreviations that mean another zone in texts of a language or country.
_REGIONAL: Mapping[str, Mapping[str, float]] = {
    "CST": {"zh": 8},
    "EST": {"en-au": 10},
    "EDT": {"en-au": 11},
    "IST": {"he": 2, "en-ie": 1, "ga": 1, "en-il": 2},
    "PST": {"fil": 8, "en-ph": 8},
    "BST": {"bn": 6, "en-bd": 6},
    "AST": {"ar": 3},
}


def zone_named(name: str, language: str | None = None) -> timezone | None:
    """Return the zone of an abbreviation, as papers of a language or country use it.  None: it is unknown."""
    name = name.upper()
    hours = ZONES.get(name)
    if language and name in _REGIONAL:
        tag = language.replace("_", "-").lower()
        hours = _REGIONAL[name].get(tag, _REGIONAL[name].get(tag.partition("-")[0], hours or 0))
    return None if hours is None else timezone(timedelta(hours=hours))
