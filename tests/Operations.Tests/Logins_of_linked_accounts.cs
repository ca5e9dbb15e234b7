using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.SyncNode.Operations.Sync;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>Which login the password log shows of a person with several accounts.</summary>
public sealed class Logins_of_linked_accounts
{
    private static readonly PasswordLogFilter All = new(null, null, null, null, null);
    private static readonly DateTimeOffset At = DateTimeOffset.UtcNow;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_row_about_a_scope_shows_the_login_of_the_account_that_came_into_it_or_none()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        var identity = new IdentityId(Guid.NewGuid());
        var (home, office, unknown) = (AccountOf("alpha"), AccountOf("beta"), AccountOf("gamma"));
        foreach (var account in (AccountId[])[home, office, unknown])
        {
            await filled.RunSqlAsync($"INSERT INTO account (source, object_guid, identity_id) VALUES ('{account.Source.Value}', x'{account.ObjectGuid:N}', x'{identity.Value:N}')", Token);
        }

        var state = await AppendAsync(filled, identity, IdentityState.Initial, Decide(IdentityState.Initial, home, "ada", "mail", At));
        state = await AppendAsync(filled, identity, state, Decide(state, office, "lovelace", "files", At.AddSeconds(2)));
        var seen = (await filled.Store.Operations.Queries.CountAsync(max: 0, Token)).LastEvent;
        await AppendAsync(filled, identity, state, [Scoped(home, "wiki"), Scoped(unknown, "web")]);

        // With the changes themselves on the page, and without them.
        Logins(await ReadAsync(filled, after: 0)).ShouldBe([("alpha", "ada"), ("beta", "lovelace"), ("alpha", "ada"), ("gamma", null)]);
        var later = await ReadAsync(filled, seen);
        Logins(later).ShouldBe([("alpha", "ada"), ("gamma", null)]);
        later.Where(row => Of(row, "event") == "assigned").Select(row => Of(row, "source")).ShouldBe([null, null], "a sync point is the person's, and no account's");
    }

    private static AccountId AccountOf(string source) => new(new SourceId(source), Guid.NewGuid());

    private static IdentityEvent.AccountScoped Scoped(AccountId account, string point) => new(At, new AccountScope(account, [new SyncPointId(point)])) { Joined = [new SyncPointId(point)] };

    private static ImmutableArray<IdentityEvent> Decide(IdentityState state, AccountId account, string login, string point, DateTimeOffset at)
    {
        var change = new Change(
            new CaptureId(Guid.NewGuid()), account, new Stamp(0, 7, Stamp.ToOriginatingSecond(at), Guid.NewGuid()), new AccountNames($"CN={login}", login, null, null), new StageTimes(at, at, at, at), at.AddDays(7));
        var events = state.Decide(new IdentityCommand.DecideCapture(at, change, [new SyncPointId(point)], OwnWrites.None), DecisionRules.Default).Events;
        events.OfType<IdentityEvent.CaptureAccepted>().ShouldHaveSingleItem();
        events.OfType<IdentityEvent.AccountScoped>().ShouldHaveSingleItem();
        return events;
    }

    private static Task<IdentityState> AppendAsync(FilledStore filled, IdentityId identity, IdentityState before, ImmutableArray<IdentityEvent> events) => filled.AppendAsync(identity, before, events, Token);

    private static async Task<List<ImmutableArray<object?>>> ReadAsync(FilledStore filled, long after)
    {
        var rows = new List<ImmutableArray<object?>>();
        await foreach (var row in new PasswordLog(filled.Store.Operations, TimeProvider.System).ReadAsync(All, after, follow: false, Token)) rows.Add(row);
        return rows;
    }

    private static IEnumerable<(string? Source, string? User)> Logins(IEnumerable<ImmutableArray<object?>> rows) =>
        rows.Where(row => Of(row, "event") == "scoped").Select(row => (Of(row, "source"), Of(row, "user")));

    private static string? Of(ImmutableArray<object?> row, string column) => (string?)row[PasswordLog.Columns.Select(known => known.Name).ToList().IndexOf(column)];
}
