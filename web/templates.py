"""Django's templates, with contexts that are freed after rendering: each dictionary of a context refers to it, and that
cycle would keep all rows of the page until the garbage collector runs, which delays one page in a few.
"""

from typing import Any

from django.http import HttpRequest
from django.template.backends.django import DjangoTemplates, Template, reraise
from django.template.context import make_context
from django.template.exceptions import TemplateDoesNotExist
from django.utils.safestring import SafeString


class PageTemplates(DjangoTemplates):
    def get_template(self, template_name: str) -> Template:
        return PageTemplate(super().get_template(template_name).template, self)


class PageTemplate(Template):
    def render(self, context: dict[str, Any] | None = None, request: HttpRequest | None = None) -> SafeString:
        present = make_context(context, request, autoescape=self.backend.engine.autoescape)
        try:
            return self.template.render(present)
        except TemplateDoesNotExist as error:
            return reraise(error, self.backend)
        finally:
            present.dicts.clear()
