using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Operations.Edges;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync explain</c>: everything about one person, from the directory to the last target.</summary>
internal sealed class Explain(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> AccountColumns = [Column.Text("source"), Column.Text("login"), Column.Text("dn"), Column.Text("upn"), Column.Text("mail"), Column.Text("objectGuid")];

    private static readonly ImmutableArray<ColumnDescription> PointColumns =
        [Column.Text("point"), Column.Text("why"), Column.Text("state"), Column.Text("target"), Column.Text("reason"), Column.Text("next"), Column.Text("action", "you can")];

    public override CommandDescription Description { get; } = Show(
        "sync", "explain", "Explains one person: who they are, which scopes and sync points they have and why, every capture with its stages, how each target stands, what happens next, what you can do.",
        "sync explain ada", "sync explain ada@corp.example -t 30d")
        with
    { Parameters = [Parameter.User, Parameter.Duration("last", "t", "How far back captures are shown.", "7d")] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var text = call.Needed("user");
        return await services.FindUserAsync(text, cancellationToken).ConfigureAwait(false) switch
        {
            UserSearch.Found found => new OperationResult.Answered(await ExplainAsync(text, found, call.Duration("last")!.Value, call.Caller.Name, cancellationToken).ConfigureAwait(false)),
            UserSearch.Several several => new OperationResult.Answered(Answer.Of(Section.Table($"'{text}' means several people{(several.HasMore ? $", of whom {several.Accounts.Length} are listed" : "")}; ask with the objectGUID of one", "account|accounts", AccountColumns, several.Accounts.Select(AccountRow)))),
            _ => new OperationResult.Answered(await new ExplainNobody(services).ExplainAsync(text, cancellationToken).ConfigureAwait(false)),
        };
    }

    private async Task<Answer> ExplainAsync(string user, UserSearch.Found found, TimeSpan last, string by, CancellationToken cancellationToken)
    {
        var state = await services.StateOfAsync(found.Identity, cancellationToken).ConfigureAwait(false);
        var events = new List<IdentityEvent>();
        await foreach (var row in services.Store.Journal.ReadEventsAsync(found.Identity, 1, cancellationToken).ConfigureAwait(false)) events.AddRange(row.Event.PointByPoint());
        var undecided = await new UndecidedCaptures(services).OfAsync(found.Identity, cancellationToken).ConfigureAwait(false);
        var rests = state.Points.Values.Any(point => point is PointState.Waiting) ? await new Rests(services).OfOwnerAsync(found.Identity, by, cancellationToken).ConfigureAwait(false) : null;
        var directory = await new DirectoryView(services).SectionsAsync(found.Accounts, cancellationToken).ConfigureAwait(false);
        return new Answer(
        [
            Section.Facts(
                null,
                ("who", state.Newest?.Names.SamAccountName ?? found.Accounts[0].Names?.SamAccountName ?? events.Select(happened => CaptureNames.TraceOf(happened)?.AccountName).LastOrDefault(name => name is not null) ?? user),
                ("identity", found.Identity.ToString()),
                ("newest change", state.Newest is { } newest ? $"captured {Stories.Time(newest.Stages.CapturedAt)}, stamp {newest.Stamp}, expires {Stories.Time(newest.ExpiresAt)}" : "none was ever accepted"),
                ("its sealed password", state.Newest is { } held && state.NeedsSecret(held.CaptureId) ? "held" : "not held any more")),
            Section.Table("accounts", "account|accounts", AccountColumns, found.Accounts.Select(AccountRow)),
            .. directory,
            .. await EdgeTable.GoneAsync(services, found.Accounts.Select(account => account.Account.Source), cancellationToken).ConfigureAwait(false),
            Section.Table("sync points", "sync point|sync points", PointColumns, PointRows(user, state, events, isUndecided: !undecided.IsEmpty, rests)),
            .. undecided,
            await new ExplainScopes(services).OfAsync(state, events, cancellationToken).ConfigureAwait(false),
            .. await new ExplainCaptures(services).SectionsAsync(events, last, cancellationToken).ConfigureAwait(false),
        ]);
    }

    private IEnumerable<ImmutableArray<object?>> PointRows(string user, IdentityState state, List<IdentityEvent> events, bool isUndecided, NodeRests? rests)
    {
        foreach (var (point, known) in state.Points)
        {
            var last = events.Select(happened => happened switch
            {
                IdentityEvent.AttemptFinished e when e.Point == point => e.Outcome,
                IdentityEvent.ObstacleMet e when e.Point == point => e.Outcome,
                _ => null,
            }).LastOrDefault(outcome => outcome is not null);
            var target = events.OfType<IdentityEvent.AttemptStarted>().LastOrDefault(started => started.Point == point)?.Attempt.Target.DisplayName;
            var view = PointSettingsView.Of(point, state, services) with
            {
                IsCaptureUndecided = isUndecided,
                Rest = rests?.Of(point),
                Owner = rests is { } told && told.Node != services.Configuration.Node.Name ? told.Node : null,
                NoAnswerBecause = rests?.NoAnswerBecause,
            };
            yield return Column.Row(
                point.Value, WhyAssigned(point, state, events), Stories.WordOf(known), target ?? "none found yet", Stories.ReasonOf(known), Stories.NextOf(known, view), Stories.ActionOf(known, last, user, view));
        }
    }

    private string WhyAssigned(SyncPointId point, IdentityState state, List<IdentityEvent> events)
    {
        var since = events.OfType<IdentityEvent.PointAssigned>().LastOrDefault(assigned => assigned.Point == point)?.At;
        return $"{new ExplainScopes(services).Why(point, state, events)}{(since is { } at ? $", since {Stories.Time(at)}" : "")}";
    }

    private static ImmutableArray<object?> AccountRow(KnownAccount account) => Column.Row(
        account.Account.Source.Value, account.Names?.SamAccountName, account.Names?.DistinguishedName, account.Names?.UserPrincipalName, account.Names?.Mail, $"{account.Account.ObjectGuid}");
}
