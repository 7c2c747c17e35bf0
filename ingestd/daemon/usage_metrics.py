"""The metrics of the sizes of tables and archive."""

from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

from ingestd.daemon.usage_figures import Figures


def usage_metrics(figures: Figures) -> Iterable[Metric]:
    """Yield the metrics of what was measured last."""
    tables, archive = figures.tables, figures.archive
    yield _gauge("ingestd_table_rows", "Rows of a table.", "table", {one.table: one.rows for one in tables})
    yield _gauge(
        "ingestd_table_bytes", "Bytes of a table with its indexes.", "table", {one.table: one.bytes for one in tables}
    )
    yield _gauge(
        "ingestd_table_growth_bytes",
        "Bytes that the last day added to a table.",
        "table",
        {one.table: one.bytes_a_day for one in tables if one.bytes_a_day is not None},
    )
    yield _gauge(
        "ingestd_archive_documents", "Documents in the archive.", "kind", {one.kind: one.documents for one in archive}
    )
    yield _gauge(
        "ingestd_archive_bytes", "Bytes of the archive on the disk.", "kind", {one.kind: one.size for one in archive}
    )
    yield _gauge(
        "ingestd_archive_growth_bytes",
        "Bytes that the busier of the last two days added to the archive.",
        "kind",
        {one.kind: one.size_a_day for one in archive},
    )


def _gauge(name: str, help_text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=(label,))
    for value, figure in values.items():
        family.add_metric((value,), figure)
    return family
