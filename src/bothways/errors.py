"""The one error catalogue: every failure a user can meet is a class here.

Each class says what happened, what happens by itself, what to do, carries a stable code and the exit code
of the command line. Placeholders in braces are filled from the keyword arguments given when raising.

    BothwaysError
    ├── SettingsError   (exit 65)  the settings, the YAML file or the command cannot be used as they are
    ├── PeopleError     (exit 77)  somebody may not do what they asked for, or cannot sign in
    ├── AppError        (exit 69)  an app cannot be reached, refuses us, or answers what it should not
    ├── LedgerError     (exit 74)  the database or the disk
    ├── StoppedByBrake  (exit 5)   a brake stopped a run before it wrote
    └── OurFault        (exit 70)  a broken promise of this program
"""

import re
import shlex
from collections.abc import Mapping
from typing import Any, ClassVar

EXIT_OK, EXIT_CHANGES, EXIT_FAILING, EXIT_HELD, EXIT_BRAKE = 0, 2, 3, 4, 5
EXIT_USAGE, EXIT_SETTINGS, EXIT_UNREACHABLE, EXIT_OURS = 64, 65, 69, 70
EXIT_DISK, EXIT_LOCKED, EXIT_NOT_ALLOWED, EXIT_INTERRUPTED = 74, 75, 77, 130


class BothwaysError(Exception):
    """A failure with words for a person.

    ``what`` happened, what happens ``by_itself`` and what ``to_do`` are templates over the keyword facts;
    ``where`` names the place (an app, a file and line, a record).
    """

    code: ClassVar[str] = "BW-000"
    exit_code: ClassVar[int] = EXIT_OURS
    what: ClassVar[str] = "Something failed."
    by_itself: ClassVar[str] = "Nothing was written."
    to_do: ClassVar[str] = ""
    retriable: ClassVar[bool] = False

    def __init__(self, *, where: str = "", **facts: object) -> None:
        self.where = where
        self.facts = {name: sayable(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
        super().__init__(self.message)

    @property
    def said(self) -> str:
        """What happened."""
        return filled(self.what, self.facts)

    @property
    def message(self) -> str:
        """What happened and where, one line without the code."""
        return f"{self.where}: {self.said}" if self.where else self.said

    @property
    def consequence(self) -> str:
        """What happens by itself."""
        return filled(self.by_itself, self.facts)

    @property
    def advice(self) -> str:
        """What the user can do."""
        return filled(self.to_do, self.facts).strip()

    def __str__(self) -> str:
        parts = (self.message, self.consequence, self.advice, f"({self.code})")
        return " ".join(part for part in parts if part)


_UNSAYABLE = re.compile("[\0\ud800-\udfff]")


def sayable(text: str) -> str:
    """Return a text without what no database keeps and no screen shows: null characters, and halves of a character."""
    return text if text.isascii() and "\0" not in text else _UNSAYABLE.sub("\ufffd", text)


def filled(template: str, facts: Mapping[str, object]) -> str:
    """Return a template filled with facts; in a command, as they are typed. What is not known is named."""

    def command(found: re.Match[str]) -> str:
        return found[0].format_map(_Words(facts)).replace("{", "{{").replace("}", "}}")

    return _COMMAND.sub(command, template).format_map(_Facts(facts))


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"({key} not known)"


class _Words(dict[str, object]):
    """Facts as they are typed in a command, which is told to be pasted."""

    def __getitem__(self, key: str) -> str:
        return shlex.quote(str(self.get(key))) if key in self else f"({key} not known)"


_COMMAND = re.compile(r"\bbothways(?: [\w-]+| \{\w+\})+")
"""A command in a template, as far as its words go."""


def catalogue(kind: type[BothwaysError] = BothwaysError) -> list[type[BothwaysError]]:
    """Return a class of the error catalogue and every class below it."""
    return [kind, *(below for child in kind.__subclasses__() for below in catalogue(child))]


def as_data(error: BothwaysError) -> dict[str, object]:
    """Return an error as data that JSON can hold."""
    facts = {key: fact if isinstance(fact, int | float) else str(fact) for key, fact in error.facts.items()}
    return {"code": error.code, "where": str(error.where), "facts": facts}


def of_data(data: Mapping[str, Any]) -> BothwaysError:
    """Return the error that ``as_data`` has told of, of the very same class."""
    kind = next((each for each in catalogue() if each.code == data["code"]), None)
    if kind is None:
        return OurFault(reason=f"it met the failure {data['code']}, which this version does not know", incident="none")
    return kind(where=data["where"], **data["facts"])


# --- settings -----------------------------------------------------------------------------------------


class SettingsError(BothwaysError):
    code, exit_code, what = "BW-100", EXIT_SETTINGS, "The settings cannot be used: {reason}."


class UsageError(SettingsError):
    code, exit_code, what, to_do = "BW-101", EXIT_USAGE, "{reason}.", "{hint}"


class NoWorkspace(SettingsError):
    code = "BW-102"
    what = "There is no workspace in {folder}: no file bothways.yaml."
    to_do = "Make one with: bothways init"


class YamlUnreadable(SettingsError):
    code = "BW-103"
    what = "This is not valid YAML: {reason}."
    to_do = "Correct that place and try again."


class SettingsUnreadable(SettingsError):
    code = "BW-512"
    what = "The settings cannot be read: {reason}."
    to_do = "See that the file is there, and that the user that Bothways runs as may read it; then try again."


class UnknownKey(SettingsError):
    code = "BW-104"
    what = 'The key "{key}" is not known here.'
    to_do = "{hint}"


class WrongType(SettingsError):
    code = "BW-105"
    what = '"{key}" must be {expected}, but is {got}.'
    to_do = "Correct the value."


class MissingKey(SettingsError):
    code = "BW-106"
    what = 'The key "{key}" is missing.'
    to_do = "Add it. {hint}"


class UnknownSync(SettingsError):
    code = "BW-107"
    what = 'There is no sync "{name}".'
    to_do = "{hint}"


class UnknownApp(SettingsError):
    code = "BW-108"
    what = 'There is no app "{name}" in this workspace.'
    to_do = "{hint}"


class UnknownConnector(SettingsError):
    code = "BW-109"
    what = 'There is no connector "{name}".'
    to_do = "{hint}"


class ConnectorUnusable(SettingsError):
    code = "BW-129"
    what = 'The connector "{name}" of the package {package} cannot be used: {reason}.'
    to_do = "Install a version of that package which is made for this one of Bothways, or remove it."


class AppCannotBeCalled(SettingsError):
    code, exit_code = "BW-574", EXIT_USAGE
    what = 'An app that is built cannot be called "{name}".'
    to_do = "Take small letters and digits, single _ between them, a letter first, 40 at most: such as my_crm."


class AppThereAlready(SettingsError):
    code, exit_code = "BW-575", EXIT_USAGE
    what = 'There is an app "{name}" already that can be connected.'
    to_do = "Take another name. See those that there are with: bothways app search"


class FolderThereAlready(SettingsError):
    code, exit_code = "BW-576", EXIT_USAGE
    what = "{folder} is there already."
    to_do = "Take another name, or move it away."


class UnknownObject(SettingsError):
    code = "BW-110"
    what = '{app} has no object "{name}".'
    to_do = "{hint}"


class UnknownField(SettingsError):
    code = "BW-111"
    what = '{app} has no field "{field}" in {object}.'
    to_do = "{hint}"


class FieldMappedTwice(SettingsError):
    code = "BW-112"
    what = 'The {app} field "{field}" is mapped twice.'
    to_do = "Keep one of the two mappings."


class TypesDoNotMatch(SettingsError):
    code = "BW-113"
    what = '"{left}" ({left_type}) and "{right}" ({right_type}) cannot be mapped to each other.'
    to_do = "Choose fields of types that can be turned into each other: {allowed}."


class ReadOnlyField(SettingsError):
    code = "BW-114"
    what = '"{field}" is read-only in {app}.'
    to_do = "Change the direction to: {direction}."


class StaleSettings(SettingsError):
    code = "BW-115"
    what = "The settings of {name} were changed since this file was exported (revision {file}, now {current})."
    to_do = "Export again and make your change there. This file would change: {diff}."


class SecretMissing(SettingsError):
    code = "BW-116"
    what = "The secret for {app} is missing: {what} holds nothing."
    to_do = "Set it and try again."


class SecretUnreadable(SecretMissing):
    code = "BW-513"
    what = "The secret for {app} cannot be read: {what}: {reason}."
    to_do = "See that it is there, and that the user that Bothways runs as may read it; then try again."


class NothingFlows(SettingsError):
    code = "BW-117"
    what = "Both sides of {name} send nothing, so nothing would be synced."
    to_do = "Let at least one app send: all, or a filter."


class UnknownIssue(SettingsError):
    code, exit_code = "BW-153", EXIT_USAGE
    what = 'There is no issue "{issue}" (any more).'
    to_do = "List what is open with: bothways issues"


class NotForDeciding(SettingsError):
    code, exit_code = "BW-154", EXIT_USAGE
    what = 'The issue "{issue}" does not wait for a person to say who belongs together: {reason}.'
    to_do = "See what it is about with: bothways issues show {issue}"


class SettingsMoved(SettingsError):
    """Raised for a change of settings that was made from older ones than those in force."""

    code = "BW-558"
    what = "{who} has changed the settings of {name} since you looked: {changed}."
    by_itself = "Nothing was saved. What you chose: {yours}."
    to_do = "Look at them as they are now; what you chose is still there to be saved."


class DraftInTheWay(SettingsError):
    """Raised for a change in place of what somebody is changing in a draft otherwise."""

    code = "BW-559"
    what = "{who} is changing this in a draft of {name}, which says {theirs}; in force is {ours}."
    by_itself = "Nothing was saved, and the draft stays as it is."
    to_do = "Save the draft or discard it, or change it there."


class NothingChosen(SettingsError):
    code, exit_code = "BW-560", EXIT_USAGE
    what = "Nothing was chosen for any of the values."
    by_itself = "Nothing was saved."
    to_do = "Choose a partner for one of them at least."


class MendRefused(SettingsError):
    code = "BW-561"
    what = "The settings of {name} cannot be changed so."
    by_itself = "Nothing was saved."
    to_do = "{problem}"


class NotForThat(SettingsError):
    code, exit_code = "BW-562", EXIT_USAGE
    what = "This cannot be done with the issue {issue}: {reason}."
    to_do = "See what it needs with: bothways issues show {issue}"


class LinkedAlready(SettingsError):
    code, exit_code = "BW-155", EXIT_USAGE
    what = "{app} {record} is linked already, to {partner}."
    to_do = "End that link first, if it is wrong: bothways unlink {name} {record} {partner}"


class NotLinked(SettingsError):
    code, exit_code = "BW-156", EXIT_USAGE
    what = "{left} and {right} are not linked in {name}."
    to_do = "List the records with: bothways records {name}"


class StillBeingWritten(SettingsError):
    code, exit_code = "BW-157", EXIT_LOCKED
    what = "{record} is being written; how that went is not known yet."
    to_do = "Run the sync once, then try again: bothways run {name}"


class StartsTooLate(SettingsError):
    code = "BW-175"
    what = "Only changes from now on cannot be set as the start of {name}: it has run already."
    to_do = "Turn it off, and on again with: bothways sync on {name} --from-now"


class OnAlready(SettingsError):
    code, exit_code = "BW-176", EXIT_USAGE
    what = "{name} is on already, so that changes flow."
    to_do = "Turn it off first: bothways sync off {name}"


class NoPartner(SettingsError):
    code, exit_code = "BW-177", EXIT_USAGE
    what = '"{record}" has no partner in {name}, so there is nothing to pause.'
    to_do = "See why: bothways why {name} RECORD"


class NotPaused(SettingsError):
    code, exit_code = "BW-178", EXIT_USAGE
    what = '"{record}" is not paused in {name}.'
    to_do = "See how it stands: bothways why {name} RECORD"


class FileUnreadable(SettingsError):
    code, exit_code = "BW-179", EXIT_USAGE
    what = "{file} cannot be read: {reason}."
    to_do = "It must be a CSV file in UTF-8 with two columns of ids."


class NotDeleted(SettingsError):
    code, exit_code = "BW-180", EXIT_USAGE
    what = "There is no deleted sync {name} that could be restored."
    to_do = "A deleted sync is kept for {days} days."


class NameTaken(SettingsError):
    code, exit_code = "BW-181", EXIT_USAGE
    what = "There is a sync {name} in bothways.yaml, so the deleted one cannot be restored."
    to_do = "Give the other one another name first."


class SyncNameTaken(SettingsError):
    code, exit_code = "BW-130", EXIT_USAGE
    what = "There is a sync {name} already, or a draft of one."
    to_do = "Choose another name."


class UnknownDraft(SettingsError):
    code, exit_code = "BW-131", EXIT_USAGE
    what = "There is no draft {id}: it was saved or discarded."
    to_do = "Look at the syncs as they are now."


class DraftChanged(SettingsError):
    """Raised for a change that was made from an older version of a draft than there is."""

    code = "BW-132"
    what = "{who} has changed the draft of {name} since you loaded it."
    by_itself = "Your change was not saved; nothing of theirs is lost."
    to_do = "Look at the draft as it is now and make your change again."


class DraftOutdated(SettingsError):
    """Raised for a draft that would overwrite settings which were changed since it was begun."""

    code = "BW-133"
    what = "{who} has changed the settings of {name} since this draft was begun: {changed}."
    by_itself = "The draft was not saved and stays as it is."
    to_do = "Save it over them all the same, or discard it and begin anew."


class NotOfThisSync(SettingsError):
    """Raised for a text of one sync's settings that differs from the settings file in something else."""

    code = "BW-573"
    what = 'Only the settings of {name} can be changed here, and what stands under "{key}" differs.'
    by_itself = "Nothing was saved."
    to_do = "Put it back as it was. Apps are changed on their own pages, everything else in the settings file."


class DraftRefused(SettingsError):
    code = "BW-134"
    what = "The draft of {name} cannot be saved."
    by_itself = "It stays as it is, and so do the settings in force. Things to mend: {count}."
    to_do = "{problem}"


class AppInUse(SettingsError):
    code = "BW-159"
    what = "{app} is used by: {syncs}."
    to_do = "Delete these syncs first; the records in both apps stay as they are."


class UnknownMapping(SettingsError):
    code, exit_code = "BW-520", EXIT_USAGE
    what = "There is no row {row} in this draft."
    by_itself = "Nothing was changed."
    to_do = "Look at the draft as it is now."


class ConsentOfOne(SettingsError):
    """Raised for a mapping of which only one field is said to be of consent."""

    code, exit_code = "BW-521", EXIT_USAGE
    what = "What a yes means for consent is said for {app} alone."
    by_itself = "Nothing was changed."
    to_do = "Say it for both apps, or for neither."


class NothingForTheRest(SettingsError):
    """Raised for a default in place of unpaired values that is not named."""

    code, exit_code = "BW-522", EXIT_USAGE
    what = "The values without a partner are to get a default, and it is not named."
    by_itself = "Nothing was changed."
    to_do = "Name one, or say something else of them."


class AllPaused(SettingsError):
    """Raised for what would run a sync while a person has paused everything."""

    code = "BW-196"
    what = "All syncs are paused."
    by_itself = "Nothing was begun. What changes meanwhile is found when they go on."
    to_do = "Let them go on with: bothways resume"


class SyncHalted(SettingsError):
    """Raised for what would write in a sync that somebody has paused or stopped."""

    code, exit_code = "BW-564", EXIT_BRAKE
    what = "{by} {did} {name}, so nothing of it is written."
    by_itself = "Both apps are read; what changes waits. What was written can be undone."
    to_do = "Let it go on: bothways resume {name}"


class LeftToService(SettingsError):
    """Raised when a person waits no longer for what the service is doing for them."""

    code, exit_code = "BW-198", EXIT_INTERRUPTED
    what = "Interrupted; the service is at it already."
    by_itself = "It goes on there."
    to_do = "See what came of it: bothways log {name}"


class OldLinks(SettingsError):
    code, exit_code = "BW-182", EXIT_USAGE
    what = (
        "{old}, deleted since, kept the same records in step and knew {count} links, also of what is not to be created "
        "again. {name} may take them over."
    )
    to_do = "Say which: bothways sync on {name} --old-links take, or leave."


class NoSmallGroups(SettingsError):
    code = "BW-197"
    what = (
        "No match rule of this sync can link one pair of a small group: only the usual rule for people by e-mail can."
    )
    to_do = "Take small_groups out, or put usual among the match rules of a sync of people."


class UnknownRecord(SettingsError):
    code, exit_code = "BW-118", EXIT_USAGE
    what = 'There is no record "{record}" in {name}.'
    by_itself = "One that is new in an app is seen by the next plan or run."
    to_do = "List the records with: bothways records {name}"


class UnknownRun(SettingsError):
    code, exit_code = "BW-119", EXIT_USAGE
    what = 'There is no run "{run}".'
    to_do = "List the runs with: bothways log"


class RunGone(UnknownRun):
    code = "BW-538"
    what = 'The run "{run}" is gone: history older than {day} is no longer kept.'
    to_do = "See how long it is kept with: bothways history"


class PlanOutdated(SettingsError):
    code = "BW-120"
    what = "The plan {plan} cannot be applied: {reason}."
    to_do = "Make a new one with: bothways plan {name}"


class ConfirmationNeeded(SettingsError):
    code, exit_code = "BW-121", EXIT_USAGE
    what = "This would write {count} records."
    to_do = "Say so with --yes."


class DeleteNotConfirmed(ConfirmationNeeded):
    code = "BW-183"
    what = "{name} would be deleted, with its {count} links; the records in both apps stay."
    to_do = "Say so with --yes."


class HistoryNotConfirmed(ConfirmationNeeded):
    code = "BW-539"
    what = "{count} runs from before {day} would be removed for good, and of their {writes} writes what nothing needs."
    to_do = "Say so with --yes."


class DeepCheckNotConfirmed(ConfirmationNeeded):
    code = "BW-592"
    what = "This would write to {app}, {account}: {makes}."
    to_do = "Say so with --yes, or look without writing with --read-only."


class NotCheckedDeeply(SettingsError):
    code, exit_code = "BW-593", EXIT_USAGE
    what = "{app} cannot be checked deeply: {title} has no such checks."
    to_do = "Check it with: bothways app check {app}"


class DeepCheckNotNow(SettingsError):
    code, exit_code = "BW-594", EXIT_LOCKED
    what = "{app} cannot be checked deeply now: {reason}."
    to_do = "{hint}"


class DaysRefused(SettingsError):
    code = "BW-567"
    what = "History is kept for {least} to {most} days, or for ever, not for {days}."
    by_itself = "It is kept as long as before."
    to_do = "A sync goes by what it did in the last {least} days. Give another number of days."


class OthersWriteToo(ConfirmationNeeded):
    code = "BW-184"
    what = "{name} would write what others write as well: {reasons}."
    by_itself = "It was not turned on."
    to_do = "If that is meant, say so with --yes."


class OthersNotConfirmed(SettingsError):
    code, exit_code = "BW-163", EXIT_USAGE
    what = "{name} would write what others write as well: {reasons}."
    by_itself = "It does not run."
    to_do = "If that is meant, say so: bothways sync on {name} --yes"


class AppsNotThere(SettingsError):
    """Raised for syncs that are brought in and are between apps of which some are not there."""

    code = "BW-542"
    what = "Of the apps of these syncs some are not connected here: {apps}."
    by_itself = "Nothing was saved."
    to_do = "Connect each under that very name, then bring the syncs in again: {hint}"


class AppOfAnotherKind(SettingsError):
    """Raised for syncs that are brought in and mean another kind of app than the one of that name here."""

    code = "BW-543"
    what = 'The app "{app}" is of the kind {theirs} in this file, and of the kind {ours} here.'
    by_itself = "Nothing was saved."
    to_do = "If they are not the same, give the app another name in the file: that of the app here which is meant."


class SyncsThere(SettingsError):
    """Raised for syncs that are brought in and are there already."""

    code, exit_code = "BW-544", EXIT_USAGE
    what = "There are syncs of that name here already: {names}."
    by_itself = "Nothing was saved."
    to_do = "Bring one sync in under another name with --name, or put all in place of those here with --replace."


class ReplacesRunning(ConfirmationNeeded):
    """Raised for syncs that are brought in and take the place of those that are on."""

    code = "BW-545"
    what = "{names} would be run by these settings from the next run on, being on already."
    by_itself = "Nothing was saved."
    to_do = "See what changes with --plan. If that is meant, say so with --yes."


class AddressNotAllowed(SettingsError):
    code, exit_code = "BW-122", EXIT_NOT_ALLOWED
    what = "The address {host} is not allowed: {reason}."
    to_do = "Correct the address, or let an administrator add its host to allow_hosts in bothways.yaml."


class SyncOff(SettingsError):
    code = "BW-123"
    what = "The sync {name} is off."
    to_do = "Turn it on with: bothways sync on {name}"


class NotAvailableYet(SettingsError):
    code = "BW-124"
    what = '"{key}" is not available yet.'
    to_do = "Take it out; it would not be obeyed."


class TooManyDiffer(SettingsError):
    code, exit_code = "BW-199", EXIT_BRAKE
    what = (
        "{differ} of {pairs} pairs of {name} differ without a reason, more than the {repair} that it repairs unasked."
    )
    by_itself = "The sync goes on; these pairs stay as they are until they change, or until you decide."
    to_do = "See them: bothways compare {name} --last   Let the next run look at them: bothways compare {name} --repair"


class SecretInFile(SettingsError):
    code = "BW-125"
    what = 'A secret stands in the file itself, under "{key}".'
    by_itself = "It was not used."
    to_do = "Say where it is instead: {instead}."


class SeveralRecords(SettingsError):
    code, exit_code = "BW-126", EXIT_USAGE
    what = 'Several records of {name} fit "{record}".'
    by_itself = ""
    to_do = "Name one by its id: {hint}."


class SecretUnusable(SettingsError):
    code = "BW-127"
    what = "The secret for {app} cannot be sent: it holds a line break or a character that is not ASCII."
    to_do = "Copy it again where it is kept, as one line and nothing else, then try again."


class LibraryMissing(SettingsError):
    code = "BW-128"
    what = "{app} needs the library {library}, which is not installed."
    to_do = 'Install it with: pip install "bothways[{extra}]"'


class SettingsContradict(SettingsError):
    code = "BW-140"
    what = '"{key}" and "{other}" contradict each other.'
    to_do = "Keep one of the two."


class NoAssociation(SettingsError):
    code = "BW-170"
    what = '"{field}" of {app} does not refer to other records that could be kept in step.'
    to_do = "Name a field that does, or take the association out. {hint}"


class NoSyncOfParents(SettingsError):
    code = "BW-171"
    what = "An association needs one sync that keeps {left} and {right} in step ({name})."
    to_do = "Add that sync between the same two apps and name it under sync:, or take the association out."


class AssociationAmongFields(SettingsError):
    code = "BW-172"
    what = '"{field}" of {app} refers to other records, whose ids are not the same in both apps.'
    to_do = 'Write it under associations: instead of fields:, or by a field of those records, as in: "{field} > email"'


class UnknownChoice(SettingsError):
    code = "BW-141"
    what = 'The {app} field "{field}" has no choice "{choice}".'
    to_do = "{hint}"


class PairingAmbiguous(SettingsError):
    code = "BW-142"
    what = '"{choice}" of {app} is paired with {several}, so what it becomes in {other} is not clear.'
    to_do = "Keep one of these pairs, or change the direction to: {direction}."


class NothingToPair(SettingsError):
    code = "BW-143"
    what = 'Values of "{left}" ({left_type}) and "{right}" ({right_type}) cannot be paired.'
    to_do = "Take values: and other: out; they are for single choices, and for texts beside them."


class ChoicesNotPaired(SettingsError):
    code = "BW-144"
    what = 'These choices of the {app} field "{field}" have no partner in {other}: {choices}.'
    to_do = "Pair them under values:, or say what becomes of them, such as other: hold or other: leave_out."


class RequiredFieldNotMapped(SettingsError):
    code = "BW-145"
    what = '{app} takes no new record without "{field}", and nothing would be written there.'
    to_do = "Map a field to it, or let no records be created there: {setting}."


class SeveralValues(SettingsError):
    code = "BW-146"
    what = 'The {app} field "{field}" holds several values, and "{target}" of {other} holds one.'
    to_do = "Choose one of them by its label or position. {hint}"


class CleaningDoesNotFit(SettingsError):
    code = "BW-147"
    what = 'The {app} field "{field}" ({type}) cannot be cleaned by "{clean}".'
    to_do = "Take it out; it is for fields of these types: {allowed}."


class CannotSet(SettingsError):
    code = "BW-148"
    what = '"{field}" of {app} cannot be set to "{value}": {reason}.'
    to_do = "Correct it, or take it out of set:."


class CannotTag(SettingsError):
    code = "BW-195"
    what = 'Records of {app} cannot be tagged in "{field}" with "{value}": {reason}.'
    to_do = "Name a field of {app} that nothing else writes to and no filter looks at, and a value that it can hold."


class SetFieldMapped(SettingsError):
    code = "BW-149"
    what = '"{field}" of {app} is mapped, so it gets its value from {other}, and cannot be set with every write.'
    to_do = "Say when: created, for new records that get no value from {other}, or take one of the two out."


class OperatorDoesNotFit(SettingsError):
    code = "BW-150"
    what = '"{operator}" cannot be asked of the field "{field}" ({type}).'
    to_do = "Of such a field can be asked: {allowed}."


class OperandDoesNotFit(SettingsError):
    code = "BW-151"
    what = '"{operator}" of the field "{field}" ({type}) must be {expected}, but is {got}.'
    to_do = "Correct the value. {hint}"


class ListsNotKnown(SettingsError):
    code = "BW-152"
    what = "{app} does not tell which lists its records are in, so they cannot be chosen by a list."
    to_do = "Choose them by a field instead."


class ListAndPartMapped(SettingsError):
    code = "BW-185"
    what = 'The {app} field "{part}" is one value of the list "{field}", and both are mapped.'
    to_do = "Keep the list, or its single values."


class TextOneWay(SettingsError):
    code = "BW-186"
    what = 'The text "{field}" made of fields of {app} cannot be taken apart again.'
    to_do = "Say that it goes one way, direction: {direction}."


class CannotBeMade(SettingsError):
    code = "BW-187"
    what = '"{field}" of {app} cannot be made: {reason}.'
    to_do = "Correct it, or map a field as it is."


class ValuesDoNotFit(SettingsError):
    code = "BW-188"
    what = '{count} of {total} values of "{field}" in {app} are not what "{target}" of {other} holds: {records}.'
    to_do = "Correct them there, map it to a field of text, or let them wait: other: hold."


class ForwardOnlyCleared(SettingsError):
    code = "BW-190"
    what = '"{field}" of {app} only moves forward, so it is not cleared by what {other} holds.'
    to_do = "Take when_empty: clear out of this mapping."


class LibraryForSuggestions(SettingsError):
    code = "BW-191"
    what = "Suggestions need the library Splink, which is not installed."
    to_do = 'Install it with: pip install "bothways[suggest]"'


class CannotSuggest(SettingsError):
    code = "BW-192"
    what = "Nothing can be suggested: {reason}."
    by_itself = "Nothing was changed."
    to_do = "{hint}"


class UnknownList(SettingsError):
    code = "BW-158"
    what = '{app} has {several} list named "{list}" of {object}.'
    to_do = "Name one that is there once. {hint}"


class ConsentDoesNotFit(SettingsError):
    code = "BW-160"
    what = 'The {app} field "{field}" ({type}) cannot say who is opted out: consent is for fields of yes or no.'
    to_do = "Take consent out, or map a field of yes or no."


class NoDifference(SettingsError):
    code, exit_code = "BW-161", EXIT_USAGE
    what = 'The issue "{issue}" is no difference of a field that waits for a person: {reason}.'
    to_do = "See what it is about with: bothways issues show {issue}"


class NoOwnWinner(SettingsError):
    """Raised for a field in which no app can be said to win."""

    code, exit_code = "BW-565", EXIT_USAGE
    what = "{field} of {name} can have no winner of its own: {reason}."
    by_itself = "The settings are as they were."
    to_do = "Who wins which field is told by: bothways sync show {name}"


class ValuesMoved(SettingsError):
    """Raised for a decision between values of which one was changed since somebody looked at them."""

    code = "BW-566"
    what = "The values of {issue} are no longer those that you looked at."
    by_itself = "Nothing was decided."
    to_do = "Look at both values as they are now, and decide once more."


class CandidatesMoved(SettingsError):
    """Raised for a record that is declared new by who has not looked at all who may be its partner by now."""

    code = "BW-577"
    what = "There is somebody else by now who may be the record of {issue}."
    by_itself = "Nothing was decided."
    to_do = "Look at all of them, and decide once more."


class DecisionDoesNotFit(SettingsError):
    code, exit_code = "BW-162", EXIT_USAGE
    what = "The value cannot be taken: {reason}."
    to_do = "Choose another one: bothways issues resolve {issue} --value VALUE"


class UnknownLabel(SettingsError):
    code = "BW-164"
    what = 'The associations in the {app} field "{field}" have no label, or not one alone, called "{label}".'
    to_do = "{hint}"


class LabelPairedTwice(SettingsError):
    code = "BW-167"
    what = 'The {app} label "{label}" is paired with two labels of the other app.'
    to_do = "Pair it with one of them."


class NoLabels(SettingsError):
    code = "BW-168"
    what = 'Labels are paired, but the associations in the {app} field "{field}" can have no label.'
    to_do = "Take labels out, or make the labels in {app} first: bothways app fields {app} OBJECT shows them."


class RemovalNotPossible(SettingsError):
    code = "BW-165"
    what = "{app} cannot {removal} records when their partners were deleted."
    to_do = "What it can do is: {can}."


class DeletesAgainstDirection(SettingsError):
    code = "BW-166"
    what = "Records of {app} are to follow deletions ({removal}), but {other} sends nothing, so no deletions either."
    to_do = "Let {other} send records, or say: {app}: keep."


class NoCountry(SettingsError):
    code = "BW-169"
    what = '"{country}" is no country.'
    to_do = "Write the two capital letters that it has in ISO 3166. {hint}"


class WebhookRefused(SettingsError):
    """Raised for a call that claims to come from an app. Its reason tells neither the secret nor a signature."""

    code = "BW-173"
    what = "A webhook of {app} was refused: {reason}."
    by_itself = "Nothing in it was believed. Changes are found by polling all the same."
    to_do = "{hint}"


class WebhooksElsewhere(SettingsError):
    """Raised where the app that is to send us webhooks sends them to somebody else, as far as we know."""

    code = "BW-136"
    what = "The webhooks of {app} go to {address}, which we have not set."
    by_itself = "That address and all subscriptions were left as they are. Changes are found by polling."
    to_do = "If nobody else needs them there, let them go to {ours}. Else use an app of its own for Bothways."


class NotSubscribed(SettingsError):
    """Raised where an app will not tell of all that it is to tell of, and we may not or cannot change that."""

    code = "BW-137"
    what = "{app} does not tell of everything by webhooks: {reason}."
    by_itself = "What it does not tell of is found by polling."
    to_do = "{hint}"


class WebhooksSilent(SettingsError):
    """Raised where an app that is to tell of changes by webhooks does not, as polling shows."""

    code = "BW-139"
    what = "No webhook of {app} has come {last}, though polling finds changes."
    by_itself = "Changes are found by polling, so later."
    to_do = "See why with: bothways doctor"


class ChronicleLost(SettingsError):
    """Raised where a part of what an app writes down of its records can be read no more."""

    code = "BW-588"
    what = "A part of the journal of {app} cannot be read: {reason}."
    by_itself = (
        "Reading goes on behind it. What changed meanwhile is found by polling, what was deleted by the daily walk."
    )
    to_do = "To look at all records now: bothways run SYNC --full"


class NotReached(SettingsError):
    """Raised where a test call to our own public address does not arrive."""

    code = "BW-135"
    what = "A test call to {url} did not arrive here: {reason}."
    by_itself = "Changes are found by polling, so later."
    to_do = "{hint}"


class TracingMissing(SettingsError):
    """Raised where the environment asks for traces that cannot be made."""

    code = "BW-138"
    what = "The environment asks for traces, and OpenTelemetry is not installed."
    by_itself = "All else goes on without them."
    to_do = 'Install it with: pip install "bothways[otel]"'


class AddressInUse(SettingsError):
    """Raised when the address at which calls are to be answered cannot be had."""

    code = "BW-189"
    what = "{address} cannot be listened at: {reason}."
    by_itself = "Nothing was started."
    to_do = "Stop what uses it, or choose another: --host, --port."


class NoAccountInFile(SettingsError):
    """Raised for a file that is to hold the account of a stand-in, and cannot."""

    code = "BW-581"
    what = "{path} does not hold an account of the stand-in: {reason}."
    by_itself = "Nothing was started."
    to_do = "Name another file with --database; one that is not there yet is made."


class AlertNotSent(SettingsError):
    """Raised by one channel; the other one is used all the same."""

    code, exit_code = "BW-193", EXIT_UNREACHABLE
    what = "Alerts cannot be sent by {channel}: {reason}."
    by_itself = "What is to be told waits and is tried again, later and later; the syncs go on."
    to_do = "Correct what stands under alerts: in bothways.yaml, or whom it names, then try: bothways alerts test"


class NoAlerts(SettingsError):
    code = "BW-194"
    what = "Nobody is alerted: bothways.yaml names nobody under alerts:."
    by_itself = "Nothing was sent."
    to_do = "Name a mail address or a webhook there."


class NoWebhooks(SettingsError):
    """Raised for a call to the address of an app whose connector takes none."""

    code = "BW-174"
    what = "{app} sends no webhooks that Bothways knows."
    by_itself = "Nothing in the call was believed. Changes of {app} are found by polling."
    to_do = "Take the address out of the settings of whoever calls it."


# --- people -------------------------------------------------------------------------------------------


class PeopleError(BothwaysError):
    code, exit_code, what = "BW-500", EXIT_NOT_ALLOWED, "That is not allowed."


class NotAllowed(PeopleError):
    code = "BW-501"
    what = "{who} may not do this: it takes the role {needed}, and {who} has {role}."
    to_do = "Ask an admin to do it, or for that role."


class SignInRefused(PeopleError):
    code = "BW-502"
    what = "This name and this password do not belong together."
    to_do = "Try again, or ask an admin for a new link: bothways user link NAME"


class SignInLocked(PeopleError):
    code = "BW-503"
    what = "There were too many wrong passwords, so nobody can sign in as {name} for {minutes} minutes."
    to_do = "Wait, or ask an admin for a new link: bothways user link NAME"


class LinkUsed(PeopleError):
    code = "BW-504"
    what = "This link was used already, or its time is over."
    to_do = "Print a new one: bothways user link"


class PasswordWeak(PeopleError):
    code = "BW-505"
    what = "This password is too easy to guess: {reason}."
    to_do = "Choose another one, such as four words that do not belong together."


class NameRefused(PeopleError):
    code = "BW-506"
    what = "Nobody can be called {name} here: {reason}."
    to_do = "Choose another name."


class UnknownPerson(PeopleError):
    code, exit_code = "BW-507", EXIT_USAGE
    what = "There is no account called {name}."
    to_do = "See: bothways user list"


class UnknownRole(PeopleError):
    code, exit_code = "BW-509", EXIT_USAGE
    what = 'There is no role called "{name}".'
    to_do = "The roles are: {roles}."


class LastAdmin(PeopleError):
    code = "BW-508"
    what = "{name} is the only admin."
    to_do = "Make somebody else an admin first."


class TokenNotMade(PeopleError):
    code, exit_code = "BW-524", EXIT_USAGE
    what = "The token cannot be made: {reason}."
    by_itself = "Nothing was made."
    to_do = "Correct that and try again."


class TimeZoneUnknown(PeopleError):
    code, exit_code = "BW-570", EXIT_USAGE
    what = 'There is no time zone "{name}".'
    by_itself = "Nothing was changed."
    to_do = "Give the name of one, such as Europe/Berlin, or leave it empty."


class LanguageUnknown(PeopleError):
    code, exit_code = "BW-571", EXIT_USAGE
    what = 'The pages are not in the language "{name}".'
    by_itself = "Nothing was changed."
    to_do = "Choose one of these: {languages}."


class TokenRefused(PeopleError):
    """Raised for a call of the API. It does not tell which of these is so."""

    code = "BW-525"
    what = "The call has no token, or one that is not known, was revoked, or has ended."
    to_do = (
        "Send the header Authorization: Bearer TOKEN. Make a token on the page about you, or by: bothways token make"
    )


class UnknownToken(PeopleError):
    code, exit_code = "BW-526", EXIT_USAGE
    what = 'There is no token "{token}" of yours (any more).'
    to_do = "See: bothways token list"


class UnknownLink(PeopleError):
    code, exit_code = "BW-523", EXIT_USAGE
    what = 'There is no one-time link "{link}" that is good (any more).'
    to_do = "See: bothways user links"


class CodeRefused(PeopleError):
    code = "BW-527"
    what = "This code is wrong, was used already, or its time is over."
    to_do = "Type the code that your app shows now, or a recovery code that you have not used yet."


class SecondFactorIsOn(PeopleError):
    code, exit_code = "BW-528", EXIT_USAGE
    what = "{name} has a second factor already."
    to_do = "Turn it off first."


class NoSecondFactor(PeopleError):
    code, exit_code = "BW-529", EXIT_USAGE
    what = "{name} has no second factor, or has not begun to set one up."
    to_do = "See who has one with: bothways user list"


class PasswordWrong(PeopleError):
    code = "BW-530"
    what = "This is not your password."
    to_do = "Try again, or ask an admin for a new link: bothways user link NAME"


class SignInExpired(PeopleError):
    code = "BW-531"
    what = "Too much time has passed since you typed your password."
    by_itself = "Nobody was signed in."
    to_do = "Sign in again."


class KeyUsedOtherwise(PeopleError):
    """Raised for a call with an idempotency key that came with another call before."""

    code = "BW-532"
    what = "This Idempotency-Key came with another call within the last day."
    by_itself = "Nothing was done."
    to_do = "Send a new key with each new call."


class KeyTaken(PeopleError):
    """Raised for a call with an idempotency key whose first answer cannot be given again (yet)."""

    code = "BW-533"
    what = "The call with this Idempotency-Key {reason}."
    by_itself = "It was not done a second time."
    to_do = "{hint}"


class UnknownRequest(PeopleError):
    code, exit_code = "BW-534", EXIT_USAGE
    what = "There is no request {id} (any more)."
    by_itself = "What has ended is kept for 30 days."
    to_do = "List the requests, or look at the runs."


class CallRefused(PeopleError):
    """Raised for a call of the API that is not as its description says."""

    code, exit_code = "BW-535", EXIT_USAGE
    what = "The call cannot be taken: {reason}."
    by_itself = "Nothing was done."
    to_do = "See the description of the call in /api/v1/openapi.json."


class CallTooLong(PeopleError):
    code, exit_code = "BW-537", EXIT_USAGE
    what = "The body of the call is longer than {most} bytes."
    by_itself = "Nothing was done."
    to_do = "Send less at once."


class NoSuchAddress(PeopleError):
    code, exit_code = "BW-536", EXIT_USAGE
    what = "The API has no such address, or it does not take this method."
    by_itself = "Nothing was done."
    to_do = "All addresses stand in /api/v1/openapi.json."


class VisitOver(PeopleError):
    """Raised for who comes back from an app, and is not expected: too late, twice, or from another browser."""

    code, exit_code = "BW-541", EXIT_NOT_ALLOWED
    what = "This way back from an app was used already, its time is over, or somebody else began it."
    by_itself = "Nothing was connected or changed."
    to_do = "Begin again on the page of the app, in this browser."


class NoBackupOfServer(PeopleError):
    """Raised where a backup is asked for and the database is a PostgreSQL server."""

    code, exit_code = "BW-548", EXIT_USAGE
    what = "The database is a PostgreSQL server, whose copies are made by its own tools."
    by_itself = "Nothing was copied."
    to_do = "Make a copy with pg_dump, and keep bothways.yaml and the secrets that it names beside it."


class UnknownLook(PeopleError):
    code, exit_code = "BW-549", EXIT_USAGE
    what = 'There is no look called "{name}".'
    by_itself = "The look stays as it is."
    to_do = "There are: {looks}."


class ProviderFailed(PeopleError):
    """Raised where who somebody is cannot be asked of the provider that the settings name."""

    code, exit_code = "BW-550", EXIT_UNREACHABLE
    what = "{name} cannot be asked who you are: {reason}."
    by_itself = "Nobody was signed in."
    to_do = "Try again in a while. Who has a password can sign in with that."


class SignInNotBegun(PeopleError):
    """Raised for an answer of the provider that this browser has not asked for."""

    code = "BW-551"
    what = "This browser has not begun to sign in there, or did so too long ago, or in another window since."
    by_itself = "Nobody was signed in."
    to_do = "Sign in again."


class ProviderRefused(PeopleError):
    code = "BW-552"
    what = "{name} did not say who you are: {reason}."
    by_itself = "Nobody was signed in."
    to_do = "Sign in again, or ask whoever looks after {name}."


class IdentityNotProven(PeopleError):
    """Raised where what the provider says of somebody is not proven, or not meant for us and now."""

    code = "BW-553"
    what = "What {name} says of you cannot be believed: {reason}."
    by_itself = "Nobody was signed in."
    to_do = "Sign in again. If that does not help, tell an admin: its settings there and here do not fit."


class NotInvited(PeopleError):
    code = "BW-554"
    what = "{name} knows you, but nobody has let you in here."
    by_itself = "No account was made."
    to_do = "Ask an admin for a one-time link (bothways user link), open it and sign in with {name} from there."


class NoSignInElsewhere(PeopleError):
    code, exit_code = "BW-555", EXIT_USAGE
    what = "The settings name nobody else with whom people can sign in."
    by_itself = "Nobody was signed in."
    to_do = "Sign in with your name and password."


class IdentityTaken(PeopleError):
    code = "BW-556"
    what = "You are {who} here already, so this link cannot let you in as somebody else."
    by_itself = "The link was not used."
    to_do = "Sign in as {who}, or give the link to whom it is meant for."


class SwitchedOff(PeopleError):
    code = "BW-557"
    what = "The account of {who} is switched off."
    by_itself = "Nobody was signed in."
    to_do = "Ask an admin."


class AtWork(PeopleError):
    """Raised for what needs a sync to itself, where nobody can wait until it has it."""

    code, exit_code = "BW-510", EXIT_LOCKED
    what = "{name} is at work just now, so it can be had by nobody else."
    by_itself = "Nothing was changed."
    to_do = "Try again when that has ended. Turned off, it is not begun again."


class EndsSoon(SettingsError):
    """Told before an app supports a version of its API no longer that a connection speaks."""

    code = "BW-583"
    what = "{app} works by {part}, which is supported until {date}."
    by_itself = "Syncs go on as they are until then."
    to_do = "{hint}."


class HasEnded(SettingsError):
    """Told once an app supports a version of its API no longer that a connection speaks."""

    code = "BW-584"
    what = "{app} works by {part}, which is supported no longer since {date}."
    by_itself = "Syncs go on for as long as it still answers, which may end at any time."
    to_do = "{hint}."


class OwnFieldNotConfirmed(ConfirmationNeeded):
    code = "BW-585"
    what = (
        "{app} would get the unique property {field} on {objects}, and each record that is created there a value of it."
    )
    by_itself = "Nothing was made."
    to_do = "Say so with --yes."


class OwnFieldNotAllowed(SettingsError):
    """Raised where the sign-in by OAuth has not given us the permission to make our own field."""

    code, exit_code = "BW-511", EXIT_NOT_ALLOWED
    what = "Making the property {field} in {app} takes a permission that Bothways does not have: {scopes}."
    by_itself = "Nothing was made. Syncs go on without it."
    to_do = (
        "See that your app there has it among its optional ones. Then sign in once more with it, on the page of {app} "
        "or by: {command}"
    )


class OwnFieldUnfit(SettingsError):
    code = "BW-586"
    what = "There is a property {field} of {object} in {app} already, and it is no text with unique values."
    by_itself = "Nothing was made. Syncs go on without it."
    to_do = (
        "A property can be made unique only when it is made. Delete that one in {app}, or name another one with "
        "marker_property."
    )


class NoRoomForOwnField(SettingsError):
    code = "BW-587"
    what = "{object} of {app} have {most} properties with unique values, and can have no more."
    by_itself = "Nothing was made. Syncs go on without it."
    to_do = "Archive one of them in {app} that nobody needs, or leave it as it is."


# --- apps ---------------------------------------------------------------------------------------------


class AppError(BothwaysError):
    code, exit_code = "BW-200", EXIT_UNREACHABLE
    what = "{app} answered with an error: {reason}."
    by_itself = "Nothing was lost; what waits is sent when it works again."


class AppUnreachable(AppError):
    code, retriable = "BW-201", True
    what = "{app} cannot be reached: {reason}."
    to_do = "Check the address and the network, then run again."


class CredentialsRefused(AppError):
    code, exit_code = "BW-202", EXIT_NOT_ALLOWED
    what = "{app} does not accept the credentials."
    to_do = "Give a valid token or password, then try again."


class SignInNeeded(CredentialsRefused):
    """Raised where an app that people let us into by OAuth does not let us in any more."""

    code = "BW-238"
    what = "{app} asks you to sign in again: {reason}."
    by_itself = "Nothing is lost: what waits is sent when you have signed in."
    to_do = "Sign in again on the page of {app}, or with: bothways app login {app}"


class ClientRefused(CredentialsRefused):
    code = "BW-239"
    what = "{app} does not take us for an app that is registered there: {reason}."
    to_do = "Check client_id and client_secret under auth: oauth: against what {app} shows for your app."


class AccessNotAllowed(AppError):
    """Raised where somebody came back from an app that does not let us in."""

    code, exit_code = "BW-240", EXIT_NOT_ALLOWED
    what = "{app} does not let us in: {reason}."
    by_itself = "Nothing was connected or changed."
    to_do = "Try again and allow it there. The address that {app} must know is {redirect}"


class AccountChanged(AppError):
    """Raised where settings or credentials lead to another account than that whose records are linked."""

    code, exit_code = "BW-212", EXIT_NOT_ALLOWED
    what = "{app} is another account now: {now}. What is linked belongs to {before}."
    by_itself = "Nothing is read from it and nothing is written. What waits is not lost."
    to_do = (
        "Put the former credentials and address back; another account is another app, with a name of its own. "
        "If it is the same account after all: bothways app check {app} --same"
    )


class PermissionMissing(AppError):
    code, exit_code = "BW-203", EXIT_NOT_ALLOWED
    what = "{app} does not allow this: {reason}."
    to_do = "Give the connection the missing permission in {app}, then run again."


class RateLimited(AppError):
    code, retriable = "BW-204", True
    what = "{app} is busy: its rate limit is used up."
    by_itself = "The waiting changes are sent when the limit allows it."


class QuotaUsedUp(RateLimited):
    code = "BW-211"
    what = "{app} is asked no more today: {reason}."
    by_itself = "Everything waits and goes on from {again}."


class AppFailed(AppError):
    code, retriable = "BW-205", True
    what = "{app} failed with HTTP {status}: {reason}."
    to_do = "Run again later; if it stays, ask the makers of {app}."


class OwnFieldRefused(AppError):
    """Raised where an app does not make a property of our own."""

    code = "BW-213"
    what = "{app} does not make the property {field} of {object}: {reason}."
    by_itself = "Syncs go on without it."
    to_do = "Mend what it says in {app}, then try again."


class ProtocolError(AppError):
    code = "BW-206"
    what = "{app} answered something that cannot be understood: {reason}."
    to_do = "Check that the address belongs to {app}."


class ObjectGone(AppError):
    code = "BW-207"
    what = "{object} is no longer there in {app}."
    by_itself = "No record was deleted in the other app; the sync waits."
    to_do = "Restore it in {app}, or choose another object in the settings."


class ListGone(AppError):
    code = "BW-210"
    what = 'The list "{list}" of {app} cannot be read: {reason}.'
    by_itself = "Nothing is synced, since nobody knows who takes part; no link was ended."
    to_do = "Restore the list in {app}, or change the filter in the settings."


class OutcomeUnknown(AppError):
    """Raised by a connector when a write may or may not have landed (time-out, connection cut)."""

    code, retriable = "BW-208", True
    what = "{app} did not answer a write: {reason}."
    by_itself = "The next run finds out whether it landed before it writes again."


class PageIncomplete(AppError):
    code, retriable = "BW-209", True
    what = "{app} broke off in the middle of a listing: {reason}."
    by_itself = "Nothing counts as deleted; the listing goes on at the next run."


# --- the ledger ---------------------------------------------------------------------------------------


class LedgerError(BothwaysError):
    code, exit_code = "BW-300", EXIT_DISK
    what = "The database failed: {reason}."
    by_itself = "Everything up to the last step is saved."


class DiskFull(LedgerError):
    code = "BW-301"
    what = "The disk with the database is full or cannot be written: {reason}."
    to_do = "Make room or make it writable, then run again: it goes on where it stopped."


class DatabaseLocked(LedgerError):
    code, exit_code, retriable = "BW-302", EXIT_LOCKED, True
    what = "The database is in use by another process."
    to_do = "Wait until that process is done, then try again."


class SecondRunner(LedgerError):
    code, exit_code, retriable = "BW-303", EXIT_LOCKED, True
    what = "Another process is running syncs on this database."
    to_do = "Wait until it is done or stop it; reading commands still work."


class DatabaseUnreachable(LedgerError):
    code, retriable = "BW-304", True
    what = "The database {url} cannot be reached: {reason}."
    to_do = "Start it or correct database: in bothways.yaml."


class RunSuperseded(LedgerError):
    code, exit_code = "BW-305", EXIT_LOCKED
    what = "Another process took over this sync."
    by_itself = "This run stopped without writing further."


class OutputFailed(LedgerError):
    code = "BW-306"
    what = "The output cannot be written: {reason}."
    by_itself = "Whatever else the command did is done and saved."
    to_do = "Send the output elsewhere."


class DatabaseNewer(LedgerError):
    code = "BW-307"
    what = "The database was made by a newer version of Bothways ({migration})."
    by_itself = "Nothing was changed."
    to_do = "Install that version, or a later one."


class DatabaseDamaged(LedgerError):
    code = "BW-308"
    what = "The database is damaged, or its file holds something else: {reason}."
    by_itself = "No sync runs until it is whole again."
    to_do = "Stop all processes, put the database aside, and restore the latest backup."


# --- brakes -------------------------------------------------------------------------------------------


class StoppedByBrake(BothwaysError):
    code, exit_code = "BW-400", EXIT_BRAKE
    what = "{name} stopped before writing: {reason}."
    by_itself = "Nothing was written in this step."
    to_do = "{hint}"


class StoppedByPerson(StoppedByBrake):
    """Raised between two batches, where nothing is half done: by a wish to pause or stop a run that is at work."""

    code = "BW-401"
    what = "{by} {did} {name}."
    by_itself = "What was written until then is recorded; the rest waits, and nothing runs by itself."
    to_do = "Let it go on: bothways resume {name}"


# --- us -----------------------------------------------------------------------------------------------


class OurFault(BothwaysError):
    code = "BW-900"
    what = "Bothways broke one of its own rules: {reason}."
    by_itself = "Everything up to here is saved; the next run goes on from there."
    to_do = "Please report this with the id {incident}."


class Interrupted(BothwaysError):
    code, exit_code = "BW-901", EXIT_INTERRUPTED
    what = "Interrupted."
    by_itself = "Everything up to here is saved; nothing is lost."
    to_do = "Go on with: {hint}"
