"""Times that were written without a zone: the zones that may be meant, by language and country, and the latest time."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from ingestd.dates.zones import zone_info

#: Country (the region of a language tag) → zone of its agencies, or of its capital.
_OF_REGIONS = {
    "AE": "Asia/Dubai", "AR": "America/Argentina/Buenos_Aires", "AT": "Europe/Vienna", "AU": "Australia/Sydney",
    "BD": "Asia/Dhaka", "BE": "Europe/Brussels", "BG": "Europe/Sofia", "BO": "America/La_Paz",
    "BR": "America/Sao_Paulo", "CA": "America/Toronto", "CH": "Europe/Zurich", "CL": "America/Santiago",
    "CN": "Asia/Shanghai", "CO": "America/Bogota", "CR": "America/Costa_Rica", "CU": "America/Havana",
    "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen", "DO": "America/Santo_Domingo",
    "EC": "America/Guayaquil", "EE": "Europe/Tallinn", "EG": "Africa/Cairo", "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki", "FR": "Europe/Paris", "GB": "Europe/London", "GH": "Africa/Accra", "GR": "Europe/Athens",
    "GT": "America/Guatemala", "HK": "Asia/Hong_Kong", "HN": "America/Tegucigalpa", "HR": "Europe/Zagreb",
    "HU": "Europe/Budapest", "ID": "Asia/Jakarta", "IE": "Europe/Dublin", "IL": "Asia/Jerusalem",
    "IN": "Asia/Kolkata", "IR": "Asia/Tehran", "IS": "Atlantic/Reykjavik", "IT": "Europe/Rome",
    "JM": "America/Jamaica", "JP": "Asia/Tokyo", "KE": "Africa/Nairobi", "KR": "Asia/Seoul", "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg", "LV": "Europe/Riga", "MA": "Africa/Casablanca", "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur", "NG": "Africa/Lagos", "NI": "America/Managua", "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo", "NZ": "Pacific/Auckland", "PA": "America/Panama", "PE": "America/Lima", "PH": "Asia/Manila",
    "PK": "Asia/Karachi", "PL": "Europe/Warsaw", "PR": "America/Puerto_Rico", "PT": "Europe/Lisbon",
    "PY": "America/Asuncion", "RO": "Europe/Bucharest", "RS": "Europe/Belgrade", "RU": "Europe/Moscow",
    "SA": "Asia/Riyadh", "SE": "Europe/Stockholm", "SG": "Asia/Singapore", "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava", "SV": "America/El_Salvador", "TH": "Asia/Bangkok", "TR": "Europe/Istanbul",
    "TW": "Asia/Taipei", "UA": "Europe/Kyiv", "US": "America/New_York", "UY": "America/Montevideo",
    "VE": "America/Caracas", "VN": "Asia/Ho_Chi_Minh", "ZA": "Africa/Johannesburg",
}  # fmt: skip
#: Language → the countries that a text without a region may be from.  Of languages that two continents write, the
#: largest country of each: which one it is changes the time by hours.
_COUNTRIES = {
    "en": "GB US", "es": "ES MX", "pt": "PT BR", "de": "DE", "fr": "FR", "nl": "NL", "it": "IT", "ca": "ES", "eu": "ES",
    "gl": "ES", "fi": "FI", "sv": "SE", "da": "DK", "nb": "NO", "nn": "NO", "no": "NO", "is": "IS", "pl": "PL",
    "cs": "CZ", "sk": "SK", "sl": "SI", "hr": "HR", "sr": "RS", "hu": "HU", "ro": "RO", "bg": "BG", "el": "GR",
    "tr": "TR", "ru": "RU", "uk": "UA", "et": "EE", "lv": "LV", "lt": "LT", "he": "IL", "fa": "IR", "hi": "IN",
    "th": "TH", "vi": "VN", "id": "ID", "ms": "MY", "ja": "JP", "ko": "KR", "zh": "CN",
}  # fmt: skip


def home_zones(language: str | None, *, offset: int | None = None, at: datetime | None = None) -> tuple[tzinfo, ...]:
    """Return the zones in which a text of a language (BCP 47) may give a time; those of English if it has none.

    `offset` is what other times of the same document state, in minutes east of UTC, at the time `at`; 0 says nothing,
    because systems write UTC wherever they are.  It decides: of the language's zones those with this offset remain, or
    else it is a zone of its own.  A language of no country in the table is given UTC.
    """
    zones = _zones_of(language)
    if not offset:
        return zones
    fitting = tuple(zone for zone in zones if at and at.astimezone(zone).utcoffset() == timedelta(minutes=offset))
    return fitting or (timezone(timedelta(minutes=offset)),)


def _zones_of(language: str | None) -> tuple[tzinfo, ...]:
    first, *rest = (language or "en").replace("_", "-").split("-")
    regions = [part.upper() for part in rest if part.upper() in _OF_REGIONS][:1] or _COUNTRIES.get(
        first.lower(), ""
    ).split()
    return tuple(zone for region in regions if (zone := zone_info(_OF_REGIONS[region]))) or (UTC,)


def latest(local: datetime, zones: Iterable[tzinfo]) -> datetime:
    """Return the latest time, in UTC, at which clocks in one of the zones show a time of day and a date.

    When clocks are set back, they show a time twice: the second one counts.  When they are set forward, they skip a
    time: it is read by the clock as it was before.
    """
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for zone in zones for fold in (0, 1))
