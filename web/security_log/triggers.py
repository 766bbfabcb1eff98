"""Triggers that write an event for each change of accounts, roles, permissions, scopes, tokens, links, sessions, second
factors and group rules.

They run in the transaction of the change, whoever makes it and by which way: a page, an endpoint, a command, SQL.
"""

import pgtrigger
from pgtrigger import Delete, Insert, Operation, Update

from accounts.models import (
    REHASHING,
    SIGNING_OUT,
    AccessScope,
    ExternalIdentity,
    GroupPermission,
    GroupRule,
    RecoveryCode,
    RoleMembership,
    SecondFactor,
    Session,
    SignInLink,
    Token,
    User,
    UserPermission,
)
from web.actor import FIRST_ADMINISTRATOR
from web.security_log.models import SecurityEvent

_ACTION = SecurityEvent.Action
# The first administrator makes the account that acts: until it is there, only its name says who acts. Any other name
# without an account is that of a part of Muster, also where an account has the same name.
_WRITE = """
INSERT INTO web_securityevent (at, last_at, times, action, actor_id, part, token, account_id, address, salt,
    address_proof, place, detail, request_id, fold_key)
SELECT now(), now(), {times}, change.action, coalesce((acting ->> 'user')::bigint, maker.id),
    CASE WHEN acting ->> 'user' IS NULL AND maker.id IS NULL THEN coalesce(acting ->> 'username', '') ELSE '' END,
    coalesce(acting ->> 'token', ''), {account}, '', '', '', '', change.detail,
    coalesce(acting ->> 'request_id', ''), ''
FROM (SELECT nullif(current_setting('muster.acting', true), '')::jsonb AS acting) AS who
LEFT JOIN accounts_user AS maker ON acting ->> 'user' IS NULL
    AND starts_with(acting ->> 'message', '{first_administrator}') AND maker.username = acting ->> 'username'
CROSS JOIN {changes};
RETURN NULL;
"""
_NO_ACCOUNT = "NULL::bigint"
_PERMISSION_NAME = """SELECT content.app_label || '.' || permission.codename AS name FROM auth_permission AS permission
    JOIN django_content_type AS content ON content.id = permission.content_type_id"""


def _trigger(
    name: str, operation: Operation, changes: str, account: str, condition: str = ""
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        operation=operation,
        when=pgtrigger.After,
        condition=pgtrigger.Condition(condition) if condition else None,
        func=_function(changes, account),
    )


def _function(changes: str, account: str, times: str = "1") -> str:
    return _WRITE.format(
        changes=changes, account=account, times=times, first_administrator=FIRST_ADMINISTRATOR
    )


def _single_change(action: str, detail: str) -> str:
    return f"(SELECT '{action}' AS action, {detail} AS detail) AS change"


def _changes_where(*changes: tuple[str, str, str]) -> str:
    """Those changes whose condition holds; each is its action, condition and detail."""
    rows = " UNION ALL ".join(
        f"SELECT '{action}' AS action, {detail} AS detail WHERE {condition}"
        for action, condition, detail in changes
    )
    return f"({rows}) AS change"


def _event_of_row(
    name: str, operation: Operation, action: str, detail: str, account: str = "user_id", row: str = ""
) -> pgtrigger.Trigger:
    """An event for each row; of an update it is about the row before, "OLD", or after, "NEW"."""
    written_row = row or ("OLD" if operation is Delete else "NEW")
    change = _single_change(action, detail.format(row=written_row))
    condition = "OLD.* IS DISTINCT FROM NEW.*" if operation is Update else ""
    account_sql = f"{written_row}.{account}" if account else _NO_ACCOUNT
    return _trigger(name, operation, change, account_sql, condition)


def _giving_and_taking(
    give_action: str, take_action: str, detail: str, account: str = "user_id"
) -> tuple[pgtrigger.Trigger, ...]:
    """Events of rows that give something, to an account if they have one. A changed row takes the one thing and gives
    the other."""
    return (
        _event_of_row("log_given", Insert, give_action, detail, account),
        _event_of_row("log_taken", Delete, take_action, detail, account),
        _event_of_row("log_moved_from", Update, take_action, detail, account, row="OLD"),
        _event_of_row("log_moved_to", Update, give_action, detail, account, row="NEW"),
    )


_ACCOUNT_COLUMNS = ("username", "email", "is_active", "is_staff", "is_superuser")
_IS_ADMIN = "jsonb_build_object('is_superuser', {row}.is_superuser)"
_ROLE = "jsonb_build_object('role', (SELECT name FROM auth_group WHERE id = {row}.group_id))"
_PERMISSION = (
    f"jsonb_build_object('permission', ({_PERMISSION_NAME} WHERE permission.id = {{row}}.permission_id))"
)
_SCOPE = "jsonb_build_object('kind', {row}.kind, 'slug', {row}.slug)"
_TOKEN = "jsonb_build_object('token', {row}.prefix, 'scope', {row}.scope, 'expires_at', {row}.expires_at)"

_LINK = "jsonb_build_object('link', {row}.kind, 'expires_at', {row}.expires_at)"


def _differs(*columns: str) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def _changed(*columns: str) -> str:
    """The names of those columns that an update changed, as a list of JSON."""
    names = ", ".join(f"'{column}'" for column in columns)
    return f"""(SELECT jsonb_agg(key ORDER BY key) FROM jsonb_each(to_jsonb(NEW)) AS new_value
    WHERE key IN ({names}) AND value IS DISTINCT FROM to_jsonb(OLD) -> key)"""


_IS_REHASHED = f"current_setting('{REHASHING}', true) IS NOT DISTINCT FROM 'on'"
_GROUP_ROWS = "SELECT group_id, permission_id FROM {rows}_values"
_CHANGED_GROUP_ROWS = f"{_GROUP_ROWS} EXCEPT SELECT group_id, permission_id FROM {{others}}_values"


def _permissions_of_roles(name: str, operation: Operation, action: str, rows: str) -> pgtrigger.Trigger:
    """One event for each role and statement: an upgrade gives a role dozens of permissions. `rows` are "old" or
    "new"."""
    others = "old" if rows == "new" else "new"
    select = (_CHANGED_GROUP_ROWS if operation is Update else _GROUP_ROWS).format(rows=rows, others=others)
    transition_tables = {rows: f"{rows}_values"} | (
        {others: f"{others}_values"} if operation is Update else {}
    )
    changes = f"""(SELECT '{action}' AS action, changed.times, jsonb_build_object(
        'role', (SELECT name FROM auth_group WHERE id = changed.group_id),
        'permissions', (SELECT jsonb_agg(shortened.name) FROM (
            {_PERMISSION_NAME} WHERE permission.id = ANY (changed.ids) ORDER BY 1 LIMIT 20) AS shortened)) AS detail
    FROM (SELECT group_id, count(*) AS times, array_agg(permission_id) AS ids FROM ({select}) AS changed_rows
        GROUP BY group_id) AS changed) AS change"""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        operation=operation,
        when=pgtrigger.After,
        referencing=pgtrigger.Referencing(**transition_tables),
        func=_function(changes, account=_NO_ACCOUNT, times="change.times"),
    )


_ACCOUNT_TRIGGERS = (
    _event_of_row("log_made", Insert, _ACTION.ACCOUNT_MADE, _IS_ADMIN, "id"),
    _event_of_row("log_deleted", Delete, _ACTION.ACCOUNT_DELETED, "jsonb_build_object()", "id"),
    _trigger(
        "log_changed",
        Update,
        _changes_where(
            (
                _ACTION.ACCOUNT_CHANGED,
                _differs(*_ACCOUNT_COLUMNS),
                f"jsonb_build_object('changed', {_changed(*_ACCOUNT_COLUMNS)}, 'is_active', NEW.is_active,"
                " 'is_superuser', NEW.is_superuser)",
            ),
            (
                _ACTION.PASSWORD_SET,
                f"{_differs('password')} AND NOT {_IS_REHASHED}",
                "jsonb_build_object()",
            ),
            (
                _ACTION.PASSWORD_REHASHED,
                f"{_differs('password')} AND {_IS_REHASHED}",
                "jsonb_build_object()",
            ),
        ),
        "NEW.id",
    ),
)
_TOKEN_TRIGGERS = (
    _event_of_row("log_made", Insert, _ACTION.TOKEN_MADE, _TOKEN),
    _event_of_row("log_deleted", Delete, _ACTION.TOKEN_REVOKED, _TOKEN),
    _trigger(
        "log_changed",
        Update,
        _changes_where(
            (_ACTION.TOKEN_REVOKED, "OLD.enabled AND NOT NEW.enabled", _TOKEN.format(row="NEW")),
            (
                _ACTION.TOKEN_CHANGED,
                f"{_differs('user_id', 'scope', 'expires_at', 'digest')} OR NOT OLD.enabled AND NEW.enabled",
                _TOKEN.format(row="NEW"),
            ),
        ),
        "NEW.user_id",
    ),
)
_ROLE_TRIGGERS = _giving_and_taking(_ACTION.ROLE_GIVEN, _ACTION.ROLE_TAKEN, _ROLE)
_PERMISSION_TRIGGERS = _giving_and_taking(_ACTION.PERMISSION_GIVEN, _ACTION.PERMISSION_TAKEN, _PERMISSION)
_SCOPE_TRIGGERS = _giving_and_taking(_ACTION.SCOPE_GIVEN, _ACTION.SCOPE_TAKEN, _SCOPE)
_GROUP_TRIGGERS = (
    _permissions_of_roles("log_given", Insert, _ACTION.PERMISSION_GIVEN, "new"),
    _permissions_of_roles("log_taken", Delete, _ACTION.PERMISSION_TAKEN, "old"),
    _permissions_of_roles("log_moved_from", Update, _ACTION.PERMISSION_TAKEN, "old"),
    _permissions_of_roles("log_moved_to", Update, _ACTION.PERMISSION_GIVEN, "new"),
)


_LINK_TRIGGERS = (
    _event_of_row("log_made", Insert, _ACTION.LINK_MADE, _LINK),
    _trigger(
        "log_used",
        Update,
        _changes_where(
            (_ACTION.LINK_USED, "OLD.used_at IS NULL AND NEW.used_at IS NOT NULL", _LINK.format(row="NEW"))
        ),
        "NEW.user_id",
    ),
)
# Who signs out ends a session too, which is an event of its own. Sessions whose time was over ended before.
_SESSION_TRIGGERS = (
    pgtrigger.Trigger(
        name="log_ended",
        level=pgtrigger.Statement,
        operation=Delete,
        when=pgtrigger.After,
        referencing=pgtrigger.Referencing(old="old_values"),
        func=_function(
            f"""(SELECT '{_ACTION.SESSION_ENDED}' AS action, ended.user_id, ended.times, jsonb_build_object() AS detail
    FROM (SELECT user_id, count(*) AS times FROM old_values
        WHERE user_id IS NOT NULL AND expire_date > now()
            AND current_setting('{SIGNING_OUT}', true) IS DISTINCT FROM 'on'
        GROUP BY user_id) AS ended) AS change""",
            account="change.user_id",
            times="change.times",
        ),
    ),
)
_FACTOR = "jsonb_build_object('factor', {row}.name)"
_FACTOR_COLUMNS = ("user_id", "kind", "secret", "credential", "credential_id")
_CODE_COLUMNS = ("user_id", "digest")


def _factor_changed(columns: tuple[str, ...], name: str) -> tuple[str, str, str]:
    """The event of a factor or code that became another one, or another account's. Muster itself only encrypts secrets
    anew."""
    before = "CASE WHEN OLD.user_id <> NEW.user_id THEN OLD.user_id END"
    values = f"'factor', {name}, 'changed', {_changed(*columns)}, 'account_before', {before}"
    return _ACTION.FACTOR_CHANGED, _differs(*columns), f"jsonb_strip_nulls(jsonb_build_object({values}))"


_FACTOR_TRIGGERS = (
    _event_of_row("log_added", Insert, _ACTION.FACTOR_ADDED, _FACTOR),
    _event_of_row("log_removed", Delete, _ACTION.FACTOR_REMOVED, _FACTOR),
    _trigger(
        "log_used",
        Update,
        _changes_where(
            (_ACTION.FACTOR_USED, _differs("last_used_at"), _FACTOR.format(row="NEW")),
            (_ACTION.FACTOR_COPIED, _differs("copied_at"), _FACTOR.format(row="NEW")),
            _factor_changed(_FACTOR_COLUMNS, "NEW.name"),
        ),
        "NEW.user_id",
    ),
)
_CODE_TRIGGERS = (
    pgtrigger.Trigger(
        name="log_made",
        level=pgtrigger.Statement,
        operation=Insert,
        when=pgtrigger.After,
        referencing=pgtrigger.Referencing(new="new_values"),
        func=_function(
            f"""(SELECT '{_ACTION.CODES_MADE}' AS action, made.user_id,
        jsonb_build_object('codes', made.codes) AS detail
    FROM (SELECT user_id, count(*) AS codes FROM new_values GROUP BY user_id) AS made) AS change""",
            account="change.user_id",
        ),
    ),
    _trigger(
        "log_used",
        Update,
        _changes_where(
            (_ACTION.CODE_USED, "OLD.used_at IS NULL AND NEW.used_at IS NOT NULL", "jsonb_build_object()"),
            _factor_changed(_CODE_COLUMNS, "'Recovery code'"),
        ),
        "NEW.user_id",
    ),
)
_IDENTITY = "jsonb_build_object('issuer', {row}.issuer)"
# What a sign-in renews in the row links it to nobody else.
_IDENTITY_TRIGGERS = (
    _event_of_row("log_linked", Insert, _ACTION.IDENTITY_LINKED, _IDENTITY),
    _event_of_row("log_unlinked", Delete, _ACTION.IDENTITY_UNLINKED, _IDENTITY),
    _trigger(
        "log_moved",
        Update,
        _changes_where(
            (
                _ACTION.IDENTITY_LINKED,
                _differs("user_id", "issuer", "subject"),
                _IDENTITY.format(row="NEW"),
            )
        ),
        "NEW.user_id",
    ),
)
_RULE_TRIGGERS = _giving_and_taking(
    _ACTION.RULE_ADDED,
    _ACTION.RULE_REMOVED,
    "jsonb_build_object('group', {row}.\"group\", 'role', {row}.role, 'place',"
    " CASE WHEN {row}.scope_kind = '' THEN 'all sites' ELSE {row}.scope_kind || ' ' || {row}.scope_slug END)",
    account="",
)


def register() -> None:
    """Declare the triggers; `web.audit.triggers` installs them after each migration."""
    pgtrigger.register(*_ACCOUNT_TRIGGERS)(User)
    pgtrigger.register(*_TOKEN_TRIGGERS)(Token)
    pgtrigger.register(*_ROLE_TRIGGERS)(RoleMembership)
    pgtrigger.register(*_PERMISSION_TRIGGERS)(UserPermission)
    pgtrigger.register(*_GROUP_TRIGGERS)(GroupPermission)
    pgtrigger.register(*_SCOPE_TRIGGERS)(AccessScope)
    pgtrigger.register(*_LINK_TRIGGERS)(SignInLink)
    pgtrigger.register(*_SESSION_TRIGGERS)(Session)
    pgtrigger.register(*_FACTOR_TRIGGERS)(SecondFactor)
    pgtrigger.register(*_CODE_TRIGGERS)(RecoveryCode)
    pgtrigger.register(*_IDENTITY_TRIGGERS)(ExternalIdentity)
    pgtrigger.register(*_RULE_TRIGGERS)(GroupRule)
