using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync inbox</c></summary>
internal sealed class InboxList(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("sync", "inbox", "Lists captures that were accepted and are not decided: whose, since when, and why they wait; the oldest first.", "sync inbox", "sync inbox -l 20") with { Parameters = [Parameter.Limit] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var rows = await services.Queries.ListInboxAsync(identity: null, call.Rows(), cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(Answer.Of(await new UndecidedCaptures(services).MakeAsync(title: null, rows, cancellationToken).ConfigureAwait(false)));
    }
}

/// <summary>Captures that were accepted and are not decided: whose they are, and why they wait.</summary>
internal sealed class UndecidedCaptures(OperationServices services)
{
    /// <summary>Among how many of the oldest a name is looked for of which the journal knows nothing.</summary>
    private const int NamesMax = 1_000;

    private static readonly ImmutableArray<ColumnDescription> Columns =
        [Column.Text("user"), Column.Text("source"), Column.Text("capture"), Column.Number("passwords"), Column.Time("captured"), Column.Time("accepted"), Column.Text("why"), Column.Text("identity")];

    /// <summary>Those of one person; nothing where there is none.</summary>
    public async Task<ImmutableArray<Section>> OfAsync(IdentityId identity, CancellationToken cancellationToken) =>
        await SectionsAsync(await services.Queries.ListInboxAsync(identity, Parameter.RowsMax, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Those of whoever is called so; nothing where there is none.</summary>
    public async Task<ImmutableArray<Section>> OfAsync(string name, CancellationToken cancellationToken)
    {
        var rows = await services.Queries.ListInboxAsync(identity: null, NamesMax, cancellationToken).ConfigureAwait(false);
        return await SectionsAsync([.. rows.Where(row => NamesOf(row.Arrival).Contains(name, StringComparer.InvariantCultureIgnoreCase))], cancellationToken).ConfigureAwait(false);
    }

    public async Task<Section> MakeAsync(string? title, ImmutableArray<InboxRow> rows, CancellationToken cancellationToken)
    {
        var owners = rows.IsEmpty ? [] : (await services.Queries.ListShardsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(shard => shard.Shard, shard => shard.Owner);
        return Section.Table(title, "capture|captures", Columns, rows.Select(row => RowOf(row, owners.GetValueOrDefault(row.Shard))));
    }

    private async Task<ImmutableArray<Section>> SectionsAsync(ImmutableArray<InboxRow> rows, CancellationToken cancellationToken) =>
        rows.IsEmpty ? [] : [await MakeAsync("captures that are not decided", rows, cancellationToken).ConfigureAwait(false)];

    private ImmutableArray<object?> RowOf(InboxRow row, string? owner)
    {
        var (captured, passwords) = row.Arrival switch
        {
            Arrival.Confirmed a => (a.Change.Stages.CapturedAt, 1L),
            Arrival.Ambiguous a => (a.Candidates[^1].Change.Stages.CapturedAt, a.Candidates.Length),
            Arrival.Report a => (a.CapturedAt, 0),
            var other => throw new InvalidOperationException($"Internal error: unknown arrival {other.GetType().Name}."),
        };
        return Column.Row(NamesOf(row.Arrival).FirstOrDefault(), row.Arrival.Account.Source.Value, $"{row.Arrival.Id}", passwords, captured, row.Arrival.AcceptedAt, WhyOf(row, owner), $"{row.Identity}");
    }

    private string WhyOf(InboxRow row, string? owner) => row with { OwnWrites = row.OwnWrites.After(services.Engine.Ownership.Gap) } switch
    {
        _ when owner is null => $"No node owns its shard {row.Shard}: see 'pbm cluster show'.",
        { OwnWrites.IntentOpenUntil: { } until } when until > services.Now => $"This product is writing to the account itself: decided when that has ended, at {Stories.Time(until)} at the latest.",
        { Arrival: Arrival.Ambiguous ambiguous } => WhyOf(ambiguous),
        { Arrival: Arrival.Confirmed } => $"The node {owner} has it in hand. If it stays: the source cannot be asked for a stamp that is far ahead of what is known; see 'pbm doctor', and 'pbm log tail' there.",
        _ => $"The node {owner} has it in hand.",
    };

    private string WhyOf(Arrival.Ambiguous ambiguous)
    {
        var period = services.Configuration.Node.Sources.GetValueOrDefault(ambiguous.Account.Source.Value)?.OldPasswordPeriod ?? TimeSpan.Zero;
        var until = ambiguous.Candidates[^1].Change.Stamp.OriginatingTime + period;
        return services.Now < until
            ? $"Which of {ambiguous.Candidates.Length} passwords the domain has is asked of it by signing in. It takes the former one as well, so that may be settled only at {Stories.Time(until)}."
            : $"Which of {ambiguous.Candidates.Length} passwords the domain has is asked of it by signing in. If it stays, no server of the source answers: see 'pbm doctor'.";
    }

    // The login first.
    private static IEnumerable<string> NamesOf(Arrival arrival) => arrival switch
    {
        Arrival.Confirmed { Change: var change } => NamesOf(change),
        Arrival.Ambiguous { Candidates: [.., var newest] } => NamesOf(newest.Change),
        Arrival.Report { Trace: { } trace } => [trace.AccountName],
        _ => [],
    };

    private static IEnumerable<string> NamesOf(Change change) =>
        ((string?[])[change.Names.SamAccountName, change.Names.UserPrincipalName, change.Names.Mail, change.Names.DistinguishedName]).OfType<string>();
}
