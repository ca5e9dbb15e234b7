using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Stamps;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync report</c>: for each account of a scope and each of its targets, whether the password that the target confirmed last is the one that the directory has now.</summary>
internal sealed class InSyncReport(OperationServices services) : Operation
{
    /// <summary>How many accounts the directory gives at once.</summary>
    private const int PageSize = 500;

    private static readonly ImmutableArray<ColumnDescription> RowColumns =
    [
        Column.Text("account"), Column.Text("point"), Column.Text("state"), Column.Text("reason"), Column.Text("stampNow", "stamp now"), Column.Text("stampConfirmed", "stamp confirmed"), Column.Text("dn"), Column.Text("objectGuid"),
    ];

    public override CommandDescription Description { get; } = Show(
        "sync", "report", "Compares, for every account of a scope, the stamp of its password in the directory now with the one that each target confirmed last: in-sync, behind, never or unknown. Reads the whole scope from the source.",
        "sync report staff", "sync report staff -state behind", "sync report staff --csv > staff.csv")
        with
    {
        Streams = true,
        Columns = RowColumns,
        Parameters = [Parameter.Place("scope", "The scope's name."), Parameter.OnlyPoint, Parameter.Option("state", "t", "Only rows of this state: in-sync, behind, never or unknown."), Parameter.Number],
    };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) => Task.FromResult(Begin(call, cancellationToken));

    private OperationResult Begin(OperationCall call, CancellationToken cancellationToken)
    {
        var (name, only, state) = (call.Needed("scope"), call.Text("point"), call.Text("state"));
        if (services.Configuration.Scopes.FirstOrDefault(known => known.Name == name) is not { } scope) return new OperationResult.Refused(RefusalReason.NotFound, $"There is no scope '{name}': use one of {string.Join(", ", services.Configuration.Scopes.Select(known => known.Name))}.");
        if (only is not null && !scope.Points.Contains(only)) return new OperationResult.Refused(RefusalReason.NotFound, $"The scope '{name}' has no sync point '{only}': it has {string.Join(", ", scope.Points)}.");
        if (state is not (null or Comparison.InSync or Comparison.Behind or Comparison.Never or Comparison.Unknown)) return new OperationResult.Refused(RefusalReason.Invalid, $"'{state}' is not a state: use in-sync, behind, never or unknown.");
        var source = new SourceId(scope.Source);
        if (services.Readers.Of(source) is not { } directory) return new OperationResult.Refused(RefusalReason.Conflict, $"The directory cannot be read: give sources.{source} a bindName and a bindPassword, then restart the node.");
        var rule = services.Configuration.ScopeRulesOf(source).First(known => known.Name == name);
        var points = scope.Points.Where(point => only is null || point == only).Select(point => new SyncPointId(point)).ToImmutableArray();

        // The row without an account says that the report is not complete, whichever state is asked for.
        var rows = ReadAsync(directory, source, rule, points, cancellationToken).Where(row => state is null || row[0] is null || (string?)row[2] == state);
        return new OperationResult.Streaming(call.Text("number") is null ? rows : rows.Take(call.Number("number")));
    }

    private async IAsyncEnumerable<ImmutableArray<object?>> ReadAsync(LdapSourceDirectory directory, SourceId source, ScopeRule rule, ImmutableArray<SyncPointId> points, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var generation = services.Configuration.Node.Sources[source.Value].Generation;
        var accounts = directory.ListAsync(rule, PageSize, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var disposing = accounts.ConfigureAwait(false);
        while (true)
        {
            string? broken = null;
            try
            {
                if (!await accounts.MoveNextAsync().ConfigureAwait(false)) yield break;
            }
            catch (DirectoryUnavailableException failure)
            {
                broken = failure.Message;
            }

            if (broken is not null)
            {
                // A report that is cut off says so itself, wherever it was written to.
                yield return Column.Row(null, null, Comparison.Unknown, $"The report is not complete: {broken}", null, null, null, null);
                yield break;
            }

            var account = accounts.Current;
            var now = account.Stamp is { } stamp ? stamp with { Generation = generation } : (Stamp?)null;
            var (state, confirmedAt, unreadable) = await KnownOfAsync(new AccountId(source, account.ObjectGuid), points, cancellationToken).ConfigureAwait(false);
            foreach (var point in points)
            {
                var confirmed = confirmedAt.GetValueOrDefault(point);
                var (word, reason) = unreadable is not null ? (Comparison.Unknown, unreadable)
                    : account.IsReadable ? Comparison.Of(new AccountId(source, account.ObjectGuid), now, state, point, confirmed)
                    : (Comparison.Unknown, "The reading account may not read the stamp.");
                yield return Column.Row(account.Names.SamAccountName, point.Value, word, reason, now?.ToString(), confirmed?.Stamp.ToString(), account.Names.DistinguishedName, $"{account.ObjectGuid}");
            }
        }
    }

    // One person who cannot be read costs the report nobody else.
    private async Task<(IdentityState? State, Dictionary<SyncPointId, Change?> Confirmed, string? Unreadable)> KnownOfAsync(AccountId account, ImmutableArray<SyncPointId> points, CancellationToken cancellationToken)
    {
        var confirmed = new Dictionary<SyncPointId, Change?>();
        try
        {
            var known = (await services.Queries.FindAccountsAsync($"{account.ObjectGuid}", 2, cancellationToken).ConfigureAwait(false)).FirstOrDefault(found => found.Account.Source == account.Source);
            if (known is null) return (null, confirmed, null);
            var state = await services.StateOfAsync(known.Identity, cancellationToken).ConfigureAwait(false);
            foreach (var point in points) confirmed[point] = await ConfirmedAsync(known.Identity, state, point, cancellationToken).ConfigureAwait(false);
            return (state, confirmed, null);
        }
        catch (UnreadableRecordException failure)
        {
            return (null, confirmed, $"What is stored of this account cannot be read: {failure.Message}");
        }
    }

    // The state knows the change that a point has if it is the newest; of an older one the journal knows, as far back as it reaches.
    private async Task<Change?> ConfirmedAsync(IdentityId identity, IdentityState state, SyncPointId point, CancellationToken cancellationToken)
    {
        var known = state.Points.GetValueOrDefault(point);
        if (known is PointState.Rechecking rechecking) return rechecking.Delivery.Change;
        if (known is PointState.Idle { Last: { End: DeliveryEnd.Delivered } last } && state.Newest is { } newest && last.CaptureId == newest.CaptureId) return newest;
        var changes = new Dictionary<CaptureId, Change>();
        Change? confirmed = null;
        await foreach (var row in services.Store.Journal.ReadEventsAsync(identity, 1, cancellationToken).ConfigureAwait(false))
        {
            if (row.Event is IdentityEvent.CaptureAccepted accepted) changes[accepted.Change.CaptureId] = accepted.Change;
            if (row.Event is IdentityEvent.AttemptFinished { Outcome.IsSuccess: true } finished && finished.Point == point && changes.TryGetValue(finished.CaptureId, out var change)) confirmed = change;
        }

        return confirmed;
    }
}

/// <summary>How what a target confirmed compares with what the directory has.</summary>
internal static class Comparison
{
    public const string InSync = "in-sync";
    public const string Behind = "behind";
    public const string Never = "never";
    public const string Unknown = "unknown";

    /// <param name="account">The account in the directory.</param>
    /// <param name="now">The stamp of its password there; null if none was ever set.</param>
    /// <param name="state">The person; null if nothing of the account ever arrived.</param>
    /// <param name="point">The target.</param>
    /// <param name="confirmed">The last change that the target confirmed; null if none is known.</param>
    public static (string State, string? Reason) Of(AccountId account, Stamp? now, IdentityState? state, SyncPointId point, Change? confirmed)
    {
        if (state is null) return (Never, "Nothing of this account ever arrived.");
        var known = state.Points.GetValueOrDefault(point);
        if (confirmed is null) return (Never, StandingOf(known));
        if (now is null) return (Unknown, "The directory shows no stamp of its password.");

        // Stamps of two sources do not compare: but what was written here on account of the other one is known by its own stamp.
        if (confirmed.Account != account)
        {
            return state.LatestStamps.TryGetValue(account.Source, out var latest) && latest == now && state.Newest?.CaptureId == confirmed.CaptureId
                ? (InSync, null)
                : (Unknown, "The target has a change of another account of the person.");
        }

        return now.Value.CompareTo(confirmed.Stamp) switch
        {
            0 => (InSync, null),
            > 0 => (Behind, state.LatestStamps.GetValueOrDefault(account.Source) < now.Value ? "A change since then was not captured, or is on its way." : StandingOf(known)),
            _ => (Unknown, "The directory is behind the target: the domain was restored, or another server answered."),
        };
    }

    private static string StandingOf(PointState? known) => known is null ? "The sync point is not among those of the account's last change: what changed since is not sent there." : Stories.ReasonOf(known) ?? Stories.WordOf(known);
}
