"""The namespace of NewsML-G2."""

NAMESPACE = "http://iptc.org/std/nar/2006-10-01/"
#: Before the names of elements.
N = f"{{{NAMESPACE}}}"
