"""Forms: how a message about an event is written for a consumer.

Each form is one module here, exports `FORM` and has a line in FORMS.
"""

from ingestd.renderers.forms import cloudevents, full, ninjs, thin
from ingestd.renderers.forms.form import Form

#: All forms, the shortest first.
FORMS: tuple[Form, ...] = (thin.FORM, full.FORM, ninjs.FORM, cloudevents.FORM)
