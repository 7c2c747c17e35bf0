"""The agency whose own document a record is: an item of its wire, or a page of its own site."""

from ingestd.articles.agencies.operators import Agencies, of_site
from ingestd.articles.agencies.table import TABLE, row_of

_BY_CODE = {row.code.casefold(): row.code for row in TABLE}
#: Sites of agencies whose name is not in the table's; by registrable domain.
_SITES = {
    "apnews.com": "AP", "ap.org": "AP", "reuters.com": "Reuters", "afp.com": "AFP", "dpa.com": "dpa",
    "dpa-international.com": "dpa", "pa.media": "PA", "pamediagroup.com": "PA", "aap.com.au": "AAP", "apa.at": "APA",
    "efe.com": "EFE", "ansa.it": "ANSA", "kyodonews.net": "Kyodo", "kyodonews.jp": "Kyodo", "nordot.app": "Kyodo",
    "interfax.ru": "Interfax", "interfax.com": "Interfax", "ntb.no": "NTB", "tt.se": "TT", "lusa.pt": "Lusa",
    "tass.com": "TASS", "tass.ru": "TASS", "upi.com": "UPI", "ptinews.com": "PTI", "aninews.in": "ANI",
    "ians.in": "IANS", "xinhuanet.com": "Xinhua", "news.cn": "Xinhua", "yna.co.kr": "Yonhap", "jiji.com": "Jiji",
    "thecanadianpress.com": "CP", "belga.be": "Belga", "belganewsagency.eu": "Belga", "anp.nl": "ANP",
    "ritzau.dk": "Ritzau", "stt.fi": "STT", "pap.pl": "PAP", "adnkronos.com": "Adnkronos",
    "europapress.es": "Europa Press", "bloomberg.com": "Bloomberg", "ukrinform.net": "Ukrinform",
    "ukrinform.ua": "Ukrinform", "globenewswire.com": "GlobeNewswire",
}  # fmt: skip


def own_agency(*, provider: str | None, site: str | None, source: str | None, others: Agencies = ()) -> str | None:
    """Return the code of the agency whose own document it is; None where it is a paper's.

    `provider` names who issued a wire item, `site` is the registrable domain it was published at, and `source` the
    name of that site or newspaper, which counts where it is an agency's name in full.  `others` are agencies that the
    table does not have.
    """
    if site and (known := of_site(others, site)):
        return known
    if provider:
        row = row_of(provider.strip())
        return row.code if row else _BY_CODE.get(provider.strip().casefold())
    if site and site.lower() in _SITES:
        return _SITES[site.lower()]
    row = row_of(source.strip()) if source else None
    return row.code if row and source and source.strip() in (row.name, *row.names) else None
