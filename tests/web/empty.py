"""A page of an installation that holds nothing, as tests read it."""

from web.tables import TablePage


def tables_of(context):
    """Return the tables of a page. A page of one template has a context alone, others a list of them."""
    contexts = [context] if hasattr(context, "flatten") else context or []
    return [value for each in contexts for value in each.flatten().values() if isinstance(value, TablePage)]


class EmptyPage:
    """Its status, its text ("" for a file), and how many rows each of its tables has."""

    def __init__(self, answer):
        self.status = answer.status_code
        is_page = "html" in answer.get("Content-Type", "")
        self.text = answer.getvalue().decode() if is_page else ""
        self.rows_of_tables = [len(table.rows) for table in tables_of(answer.context)]
