using System.Net;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Operations.Sync;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary><c>sync report</c>: the comparison, and what it says when it cannot be made. A whole report is made in <see cref="Questions_to_a_real_directory"/>.</summary>
public sealed class In_sync_report(OneNode one)
{
    private static readonly SyncPointId Beta = new("beta");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_stamp_in_the_directory_is_compared_with_what_the_target_confirmed()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        var state = await node.Server.Engine.Identities.ShowAsync(node.Events.First().Identity, Token);
        var newest = state.Newest!;

        Of(newest.Stamp).ShouldBe(("in-sync", null));
        Of(newest.Stamp with { Version = 8 }).ShouldBe(("behind", "A change since then was not captured, or is on its way."));
        Of(newest.Stamp with { Version = 6 }).State.ShouldBe("unknown");
        Comparison.Of(newest.Account, null, state, Beta, newest).State.ShouldBe("unknown");
        Comparison.Of(newest.Account, newest.Stamp, state, Beta, null).State.ShouldBe("never");
        var left = state with { Points = state.Points.Clear() };
        Comparison.Of(newest.Account, newest.Stamp, left, Beta, newest).ShouldBe(("in-sync", null), "it confirmed that before the point left the scope");
        Comparison.Of(newest.Account, newest.Stamp with { Version = 8 }, left with { LatestStamps = left.LatestStamps.SetItem(newest.Account.Source, newest.Stamp with { Version = 8 }) }, Beta, newest)
            .ShouldBe(("behind", "The sync point is not among those of the account's last change: what changed since is not sent there."));
        Comparison.Of(newest.Account, newest.Stamp, null, Beta, null).ShouldBe(("never", "Nothing of this account ever arrived."));
        Comparison.Of(new AccountId(newest.Account.Source, Guid.NewGuid()), newest.Stamp with { Version = 9 }, state, Beta, newest).State.ShouldBe("unknown");

        (string State, string? Reason) Of(Core.Stamps.Stamp now) => Comparison.Of(newest.Account, now, state, Beta, newest);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_report_that_cannot_be_made_says_what_is_missing()
    {
        using var admin = OperatorClient.First(one.Node);

        (await admin.RefusedAsync(HttpStatusCode.Conflict, "sync report", Token, ("scope", "staff"))).ShouldContain("give sources.alpha a bindName");
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "sync report", Token, ("scope", "nobody"))).ShouldBe("There is no scope 'nobody': use one of staff.");
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "sync report", Token, ("scope", "staff"), ("point", "gamma"))).ShouldStartWith("The scope 'staff' has no sync point 'gamma'");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync report", Token, ("scope", "staff"), ("state", "late"))).ShouldContain("use in-sync, behind, never or unknown");
    }
}
