using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using static PasswordSync.SyncNode.Operations.Sync.PasswordLogWords;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>
/// The password log: the journal as rows, one for each event, and for what an event says of several sync points one for each of them, under the event's number. The change-set ties what belongs together: it is the capture's id, from the capture to the last
/// result at every target; the attempt ties the beginning of a write to its end. A record that this version cannot read is a row that says so: nobody can tell what it is about, so that
/// no filter but those of the person and the time leaves it out.
/// </summary>
internal sealed class PasswordLog(IOperationsStore operations, TimeProvider clock)
{
    /// <summary>How many events are read at once.</summary>
    private const int PageMax = 1_000;

    /// <summary>How many changes are remembered while rows are made.</summary>
    private const int ChangesMax = 10_000;

    /// <summary>How often it is looked for new events while somebody follows.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    public static ImmutableArray<ColumnDescription> Columns { get; } =
    [
        Column.Number("record"), Column.Time("at"), Column.Text("source"), Column.Text("controller", "domain controller"), Column.Text("user"), Column.Text("event"), Column.Text("point"),
        Column.Text("message"), Column.Text("target"), Column.Text("server"), Column.Duration("total"), Column.Duration("work"), Column.Duration("wait"), Column.Time("captured"), Column.Time("spooled"), Column.Time("accepted"), Column.Text("changeSet", "change-set"), Column.Text("attempt"), Column.Text("identity"),
    ];

    private readonly Dictionary<CaptureId, IdentityEvent.CaptureAccepted?> changes = [];
    private readonly Dictionary<Guid, IdentityEvent.AttemptStarted> attempts = [];
    private readonly CaptureNames names = new(operations);

    /// <summary>Rows after a position that fit, oldest first, of what was there when it began; with <paramref name="follow"/>, then those that come. What was there is read at the <see cref="ExportPace"/>.</summary>
    public async IAsyncEnumerable<ImmutableArray<object?>> ReadAsync(PasswordLogFilter filter, long after, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pace = new ExportPace(operations.Queries, clock);
        var last = (await operations.Queries.CountAsync(max: 0, cancellationToken).ConfigureAwait(false)).LastEvent;
        var reading = ReadPageAsync(after, filter, cancellationToken);
        try
        {
            while (true)
            {
                var page = await reading.ConfigureAwait(false);
                if (!page.IsEmpty) after = page[^1].Position;

                // The next page is read while the rows of this one are made.
                if (page.Length == PageMax) reading = ReadPageAsync(after, filter, cancellationToken);
                Meet(page);
                foreach (var row in page)
                {
                    if (!follow && row.Position > last) yield break;
                    foreach (var told in Told(row))
                    {
                        if (await FitsAsync(told, filter, cancellationToken).ConfigureAwait(false)) yield return await MakeAsync(told, cancellationToken).ConfigureAwait(false);
                    }
                }

                if (page.Length == PageMax)
                {
                    if (after < last) await pace.AfterPageAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (!follow) yield break;
                await Task.Delay(LookInterval, clock, cancellationToken).ConfigureAwait(false);
                reading = ReadPageAsync(after, filter, cancellationToken);
            }
        }
        finally
        {
            // Whoever stops reading leaves a page behind that nobody wants.
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The newest rows that fit, oldest first: looks backwards until there are enough.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">How many rows are enough; greater than zero.</param>
    /// <param name="eventsMax">At how many events it is looked at most; greater than zero.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The rows; and where it ended before it had enough or all, the time of the last event that it looked at.</returns>
    public async Task<(ImmutableArray<ImmutableArray<object?>> Rows, DateTimeOffset? EndedAt)> ReadNewestAsync(PasswordLogFilter filter, int limit, int eventsMax, CancellationToken cancellationToken)
    {
        var fitting = new Stack<StoredEvent>();
        DateTimeOffset? endedAt = null;
        var (before, looks) = (long.MaxValue, eventsMax);
        while (fitting.Count < limit)
        {
            var size = Math.Min(PageMax, looks);
            var page = await operations.Queries.ReadEventsAsync(new EventPage(0, size, Newest: true, [], filter.Since) { Identity = filter.Identity, Before = before }, cancellationToken).ConfigureAwait(false);

            Meet(page);
            foreach (var told in page.SelectMany(Told).Reverse())
            {
                if (fitting.Count < limit && await FitsAsync(told, filter, cancellationToken).ConfigureAwait(false)) fitting.Push(told);
            }

            if (page.Length < size || fitting.Count == limit) break;
            (before, looks, endedAt) = (page[0].Position, looks - size, looks == size ? page[0].At : null);
            if (looks == 0) break;
        }

        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>(fitting.Count);
        foreach (var row in fitting) rows.Add(await MakeAsync(row, cancellationToken).ConfigureAwait(false));
        return (rows.MoveToImmutable(), endedAt);
    }

    private static IEnumerable<StoredEvent> Told(StoredEvent row) => row.Event is { } told ? told.PointByPoint().Select(happened => row with { Event = happened }) : [row];

    // What the page itself tells about its changes and people is not asked of the store again.
    private void Meet(ImmutableArray<StoredEvent> page)
    {
        foreach (var row in page)
        {
            if (row.Event is not IdentityEvent.CaptureAccepted accepted) continue;
            Remember(accepted.Change.CaptureId, accepted);
            names.Meet(row.Identity, accepted.Change);
        }
    }

    // What costs nothing is asked first.
    private async ValueTask<bool> FitsAsync(StoredEvent row, PasswordLogFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Identity is { } identity && row.Identity != identity) return false;
        if (row.Event is not { } happened) return true;
        var (captureId, point) = KeysOf(happened);
        if (filter.Event is { } word && WordOf(happened) != word) return false;
        if (filter.OnlyFailures && !IsFailure(happened)) return false;
        if (filter.Point is not null && point?.Value != filter.Point) return false;
        if (filter.ChangeSet is { } wanted && captureId?.Value != wanted) return false;
        if (filter.Source is null && filter.Controller is null) return true;
        var accepted = captureId is { } id && (filter.Controller is not null || AccountOf(happened) is null) ? await ChangeOfAsync(row.Identity, happened, id, cancellationToken).ConfigureAwait(false) : null;
        if (filter.Source is not null && (AccountOf(happened) ?? accepted?.Change.Account)?.Source.Value != filter.Source) return false;
        return filter.Controller is null || filter.Controller.Equals(await names.ControllerOfAsync(accepted ?? happened, cancellationToken).ConfigureAwait(false), StringComparison.OrdinalIgnoreCase);
    }

    private async ValueTask<ImmutableArray<object?>> MakeAsync(StoredEvent row, CancellationToken cancellationToken)
    {
        if (row.Event is not { } happened) return await MakeUnreadableAsync(row, cancellationToken).ConfigureAwait(false);
        var (captureId, point) = KeysOf(happened);
        var accepted = captureId is { } id ? await ChangeOfAsync(row.Identity, happened, id, cancellationToken).ConfigureAwait(false) : null;
        var account = AccountOf(happened) ?? accepted?.Change.Account;
        var times = TimesOf(happened, accepted);
        var controller = await names.ControllerOfAsync(accepted ?? happened, cancellationToken).ConfigureAwait(false);

        // What names no account is told of the person, who may have several: by any of their logins.
        var user = captureId is null && account is null
            ? (await names.OwnerAsync(row.Identity, cancellationToken).ConfigureAwait(false))?.Names?.SamAccountName
            : accepted?.Change.Names.SamAccountName ?? await names.UserOfAsync(happened, cancellationToken).ConfigureAwait(false);
        return Column.Row(
            row.Position, row.At, account?.Source.Value, controller, user, WordOf(happened), point?.Value, MessageOf(happened), TargetOf(happened), ServerOf(happened),
            times?.Total, times?.Work, times?.Wait, times?.Change.Stages.CapturedAt, times?.Change.Stages.SpooledAt, times?.Change.Stages.AcceptedAt, captureId?.ToString(), AttemptOf(happened)?.ToString("N"), row.Identity.ToString());
    }

    private async ValueTask<ImmutableArray<object?>> MakeUnreadableAsync(StoredEvent row, CancellationToken cancellationToken)
    {
        var owner = await names.OwnerAsync(row.Identity, cancellationToken).ConfigureAwait(false);
        return Column.Row(
            row.Position, row.At, owner?.Account.Source.Value, null, owner?.Names?.SamAccountName, LoadedIdentity.Unreadable, null, $"Event {row.Sequence} of identity {row.Identity} cannot be read: {row.Unreadable!.Because}", null, null,
            null, null, null, null, null, null, null, null, row.Identity.ToString());
    }

    private Task<ImmutableArray<StoredEvent>> ReadPageAsync(long after, PasswordLogFilter filter, CancellationToken cancellationToken) =>
        operations.Queries.ReadEventsAsync(new EventPage(after, PageMax, Newest: false, [], filter.Since) { Identity = filter.Identity }, cancellationToken).AsTask();

    private string? TargetOf(IdentityEvent happened)
    {
        if (happened is IdentityEvent.AttemptStarted started)
        {
            if (attempts.Count >= ChangesMax) attempts.Clear();
            attempts[started.Attempt.AttemptId] = started;
        }

        return AttemptOf(happened) is { } id && attempts.TryGetValue(id, out var known) ? known.Attempt.Target.DisplayName : null;
    }

    private DeliveryTimes? TimesOf(IdentityEvent happened, IdentityEvent.CaptureAccepted? accepted) =>
        happened is IdentityEvent.AttemptFinished { Outcome.IsSuccess: true } finished && accepted is not null && attempts.TryGetValue(finished.AttemptId, out var started)
            ? new DeliveryTimes(finished.Point, accepted.Change, accepted.At, started.At, finished.At)
            : null;

    private async ValueTask<IdentityEvent.CaptureAccepted?> ChangeOfAsync(IdentityId identity, IdentityEvent happened, CaptureId captureId, CancellationToken cancellationToken)
    {
        if (happened is IdentityEvent.CaptureAccepted now) return Remember(captureId, now);
        if (changes.TryGetValue(captureId, out var known)) return known;
        return Remember(captureId, (await operations.Queries.FindChangeAsync(identity, captureId.Value, cancellationToken).ConfigureAwait(false))?.Event as IdentityEvent.CaptureAccepted);
    }

    private IdentityEvent.CaptureAccepted? Remember(CaptureId captureId, IdentityEvent.CaptureAccepted? accepted)
    {
        if (changes.Count >= ChangesMax) changes.Clear();
        return changes[captureId] = accepted;
    }
}

/// <summary>Which rows are wanted; null everywhere for all.</summary>
internal sealed record PasswordLogFilter(IdentityId? Identity, string? Point, string? Source, Guid? ChangeSet, DateTimeOffset? Since)
{
    /// <summary>Only events of this word.</summary>
    public string? Event { get; init; }

    /// <summary>Only captures that were made at this domain controller, and what came of them.</summary>
    public string? Controller { get; init; }

    /// <summary>Only what did not go well: <see cref="PasswordLogWords.IsFailure"/>.</summary>
    public bool OnlyFailures { get; init; }
}
