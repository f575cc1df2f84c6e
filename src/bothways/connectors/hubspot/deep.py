"""The deep checks: each looks on a real account whether one of the ``unverified`` facts is so."""

from collections.abc import Callable, Generator
from typing import NamedTuple

from bothways.connectors.base import Setup
from bothways.connectors.deep import Finding, Keeper, Verdict
from bothways.connectors.hubspot import checks, checks_made
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.checks import Seen
from bothways.connectors.hubspot.trial import DOMAIN, ODD, PREFIX, NotChecked, Trial
from bothways.connectors.hubspot.unverified import BY_ID
from bothways.errors import AppError, AppUnreachable, CredentialsRefused, QuotaUsedUp, SignInNeeded

MAKES = (
    f'about 6 contacts and a company are made, all called "{PREFIX} ..." and with addresses at {DOMAIN}, changed, two '
    "of them merged, and all archived at the end; what the account does by itself with new contacts, such as workflows "
    "or a company for their domain, it does with these"
)
"""What the checks make, as it is told before."""

ENDS = (AppUnreachable, CredentialsRefused, QuotaUsedUp, SignInNeeded)
"""Failures after which no other check would come to anything."""


class Check(NamedTuple):
    """One check: the fact that it is about, what looks, and whether it needs records that are made for it."""

    fact: str
    look: Callable[[Trial], Seen]
    makes: bool = True


CHECKS = (
    Check("limits-told", checks.limits_told, makes=False),
    Check("search-counts-twice", checks.search_counts_twice, makes=False),
    Check("listing-by-id", checks.listing_by_id, makes=False),
    Check("search-by-id", checks.search_by_id, makes=False),
    Check("gone-property", checks.gone_property, makes=False),
    Check("longest-query", checks.longest_query, makes=False),
    Check("concurrency", checks.concurrency, makes=False),
    Check("sensitive-hidden", checks.sensitive_hidden, makes=False),
    Check("sensitive-passed-over", checks.sensitive_passed_over, makes=False),
    Check("no-address-is-refused", checks.no_address_is_refused, makes=False),
    Check("stages-are-options", checks.stages_are_options, makes=False),
    Check("owners-to-a-page", checks.owners_to_a_page, makes=False),
    Check("lead-types", checks.lead_types, makes=False),
    Check("not-set-up", checks.not_set_up, makes=False),
    Check("list-size", checks.list_size, makes=False),
    Check("association-types", checks.association_types, makes=False),
    Check("custom-plain-type", checks.custom_plain_type, makes=False),
    Check("emails-lower-case", checks_made.emails_lower_case),
    Check("index-lag", checks_made.index_lag),
    Check("own-writes", checks_made.own_writes),
    Check("own-number", checks_made.own_number),
    Check("reads-are-fresh", checks_made.reads_are_fresh),
    Check("longest-text", checks_made.longest_text),
    Check("blank-clears", checks_made.blank_clears),
    Check("stage-stays", checks_made.stage_stays),
    Check("stage-goes-back", checks_made.stage_goes_back),
    Check("semicolon-adds", checks_made.semicolon_adds),
    Check("rows-are-reported", checks_made.rows_are_reported),
    Check("bad-values-are-named", checks_made.bad_values_are_named),
    Check("traces-come-back", checks_made.traces_come_back),
    Check("duplicates-are-named", checks_made.duplicates_are_named),
    Check("taken-values-are-told", checks_made.taken_values_are_told),
    Check("twice-in-a-batch", checks_made.twice_in_a_batch),
    Check("upserts-fail-whole", checks_made.upserts_fail_whole),
    Check("nothing-is-told", checks_made.nothing_is_told),
    Check("own-companies", checks_made.own_companies),
    Check("associations-at-once", checks_made.associations_at_once),
    Check("association-touches", checks_made.association_touches),
    Check("labels-add-up", checks_made.labels_add_up),
    Check("bin-is-told", checks_made.bin_is_told),
    Check("bin-frees-addresses", checks_made.bin_frees_addresses),
    Check("merged-ids", checks_made.merged_ids),
    Check("merged-ids-resolve", checks_made.merged_ids_resolve),
    Check("merged-read-alone", checks_made.merged_read_alone),
    Check("other-emails", checks_made.other_emails),
)
"""In the order in which they are made: some change what others look at."""


def deep_checks(api: Api, setup: Setup, keeper: Keeper, *, read_only: bool) -> Generator[Finding, None, None]:
    """Yield what each check found; what was made, now or before, is archived when this ends, however it does."""
    trial = Trial(api, setup, keeper)
    if read_only:
        yield from (_finding(trial, each) for each in CHECKS if not each.makes)
        return
    try:
        for each in CHECKS:
            yield _finding(trial, each)
    finally:
        trial.clean_up()


def _finding(trial: Trial, check: Check) -> Finding:
    fact = BY_ID[check.fact]
    try:
        so, seen = check.look(trial)
        verdict = Verdict.AS_THOUGHT if so else Verdict.OTHERWISE
    except ENDS:
        raise
    except NotChecked as reason:
        verdict, seen = Verdict.UNCHECKED, str(reason)
    except AppError as error:
        verdict, seen = Verdict.UNCHECKED, error.message.rstrip(".")
    except ODD as error:
        verdict, seen = Verdict.UNCHECKED, f"an answer has another form than we know ({type(error).__name__}: {error})"
    return Finding(fact.id, fact.says, verdict, seen, fact.wrong, f"hubspot/{fact.where}")
