"""Parts of the functions of triggers: what they refuse, and how they see a change."""


def refuse_if(condition: str, message: str, name: str, table: str) -> str:
    return (
        f"IF {condition} THEN RAISE EXCEPTION '{message}'"
        f" USING ERRCODE = 'check_violation', CONSTRAINT = '{name}', TABLE = '{table}'; END IF;"
    )


def changed(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"
