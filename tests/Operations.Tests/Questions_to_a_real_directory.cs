using System.Text.Json;
using System.Text.Json.Nodes;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What a node reads in a real domain for operators: the whole in-sync report, and why somebody was never captured.</summary>
public sealed class Questions_to_a_real_directory
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task The_report_follows_each_account_and_people_who_were_never_captured_are_told_why()
    {
        using var beta = new MemoryTarget();
        await using var domain = await SambaDomain.StartAsync(new SambaDomainOptions(), Token);
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        await PointToAsync(node, domain);
        await node.RestartAsync(targets, null, Token);
        using var admin = OperatorClient.First(node);
        var (ada, bob) = (domain.Users[0], domain.Users[1]);

        // Nobody's change has arrived yet.
        var all = await ReportAsync(admin);
        all.Keys.ShouldBe(domain.Users.Select(user => user.AccountName), ignoreOrder: true);
        all.Values.ShouldAllBe(row => Text(row, "state") == "never" && Text(row, "reason") == "Nothing of this account ever arrived.");

        await DeliverAsync(node, domain, beta, ada, all[ada.AccountName].GetProperty("objectGuid").GetGuid());
        var delivered = await ReportAsync(admin);
        (Text(delivered[ada.AccountName], "state"), Text(delivered[ada.AccountName], "stampNow")).ShouldBe(("in-sync", Text(delivered[ada.AccountName], "stampConfirmed")));
        Text(delivered[bob.AccountName], "state").ShouldBe("never");

        // The report is made of the journal and the source: a node that may not reach the target makes the same.
        await BindAsync(node, "site=berlin");
        await node.RestartAsync(targets, null, Token);
        using var elsewhere = OperatorClient.First(node);
        (await elsewhere.RunAsync("sync point verify", Token, ("point", "beta"))).ToString().ShouldContain("No living node has the labels");
        Text((await ReportAsync(elsewhere))[ada.AccountName], "state").ShouldBe("in-sync");

        // A change that no edge brings.
        (await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, ada, ada.InitialPassword, "Unseen.2026!x", Token)).Accepted.ShouldBeTrue();
        var behind = await Settled.FindsAsync(() => ReportAsync(elsewhere, ("state", "behind")), report => report.Keys, [ada.AccountName], why: null, Token);
        Text(behind[ada.AccountName], "reason").ShouldBe("A change since then was not captured, or is on its way.");

        (await WhyAsync(elsewhere, bob.AccountName)).ShouldStartWith("The account is in scope. Its present password has the stamp ");
        (await WhyAsync(elsewhere, "administrator")).ShouldStartWith("The account is in no scope");
        (await WhyAsync(elsewhere, "krbtgt")).ShouldStartWith("It is never captured");
        (await WhyAsync(elsewhere, "nobody")).ShouldBe("There is no such account.");
        await AskByEveryNameAsync(elsewhere, domain, bob, domain.Users[2], all[bob.AccountName].GetProperty("objectGuid").ToString());

        // A name that the account got after its change.
        await domain.First.ApplyLdifAsync($"dn: {ada.DistinguishedName}\nchangetype: modify\nreplace: mail\nmail: ada@mail.test\n\n", Token);
        (await WhyAsync(elsewhere, "ada@mail.test")).ShouldBe("Captures of this account arrived, but none of them bears this name.");

        // Whoever cannot be read has a row with the reason, and costs nobody else theirs.
        await NodeDatabase.ChangeAsync(node, $"UPDATE event SET kind = '{NodeDatabase.NewerKind}' WHERE kind = 'attempt-finished.1'", Token);
        await node.RestartAsync(targets, null, Token);
        using var later = OperatorClient.First(node);
        await later.UntilReadyAsync(Token);
        var unreadable = await ReportAsync(later);
        unreadable.Keys.ShouldBe(all.Keys, ignoreOrder: true);
        (Text(unreadable[ada.AccountName], "state"), Text(unreadable[bob.AccountName], "state")).ShouldBe(("unknown", "never"));
        Text(unreadable[ada.AccountName], "reason").ShouldContain(NodeDatabase.NewerKind);
    }

    private static async Task AskByEveryNameAsync(OperatorClient admin, SambaDomain domain, LabUser bob, LabUser other, string objectGuid)
    {
        await domain.First.ApplyLdifAsync(
            $"dn: {bob.DistinguishedName}\nchangetype: modify\nreplace: mail\nmail: bob@mail.test\n-\nreplace: userPrincipalName\nuserPrincipalName: robert@elsewhere.test\n\n", Token);
        foreach (var name in (string[])[bob.AccountName, "Robert@Elsewhere.test", $"{bob.AccountName}@{domain.Options.Realm}", "BOB@mail.test", bob.DistinguishedName.ToUpperInvariant(), objectGuid])
        {
            var row = (await FindingsAsync(admin, name)).Single();
            Text(row, "directory").ShouldBe(bob.DistinguishedName, name, StringCompareShould.IgnoreCase);
            Text(row, "why").ShouldStartWith("The account is in scope. Its present password has the stamp ", Case.Sensitive, name);
        }

        // What looks like a filter or a DN is a name like any other.
        foreach (var name in (string[])["*", "bob*", $"{bob.AccountName})(objectClass=*", $"CN=nobody,{domain.UserContainer}", "CN=,=", "DC=elsewhere,DC=test", "="]) (await WhyAsync(admin, name)).ShouldBe("There is no such account.", name);

        await domain.First.ApplyLdifAsync($"dn: {other.DistinguishedName}\nchangetype: modify\nreplace: mail\nmail: bob@mail.test\n\n", Token);
        (await FindingsAsync(admin, "bob@mail.test")).Select(row => Text(row, "directory").ToUpperInvariant())
            .ShouldBe([bob.DistinguishedName.ToUpperInvariant(), other.DistinguishedName.ToUpperInvariant()], ignoreOrder: true);
    }

    // As an administrator gives a node an account to read the source with.
    private static async Task PointToAsync(TestNode node, SambaDomain domain)
    {
        var (nodeFile, scopesFile, password) = (Path.Combine(node.Folder, "node.json"), Path.Combine(node.Folder, "scopes.json"), Path.Combine(node.Folder, "reader"));
        await File.WriteAllTextAsync(password, SambaDomain.AdministratorPassword, Token);
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(nodeFile, Token))!;
        settings["sources"]!["alpha"] = JsonSerializer.SerializeToNode(new
        {
            servers = new[] { $"{domain.First.Address}:636" },
            security = "ldaps",
            roots = new[] { domain.AuthorityFile },
            bindName = domain.AdministratorName,
            bindPassword = $"file:{password}",
        });
        await File.WriteAllTextAsync(nodeFile, settings.ToJsonString(), Token);
        var scopes = JsonNode.Parse(await File.ReadAllTextAsync(scopesFile, Token))!;
        scopes["scopes"]![0]!["baseDn"] = domain.UserContainer;
        await File.WriteAllTextAsync(scopesFile, scopes.ToJsonString(), Token);
    }

    private static async Task BindAsync(TestNode node, string label)
    {
        var file = Path.Combine(node.Folder, "points.json");
        var points = JsonNode.Parse(await File.ReadAllTextAsync(file, Token))!;
        points["points"]![0]!["nodes"] = new JsonArray(label);
        await File.WriteAllTextAsync(file, points.ToJsonString(), Token);
    }

    // As an edge of the domain would bring it: with the account's own id and stamp.
    private static async Task DeliverAsync(TestNode node, SambaDomain domain, MemoryTarget target, LabUser user, Guid objectGuid)
    {
        target.Add(user.AccountName);
        var stamp = (await domain.First.ReadPasswordStampAsync(user, Token))!;
        var capture = await node.CaptureAsync(user.AccountName, user.InitialPassword, stamp.Version, Token);
        await node.SendAsync(Token, capture with { ObjectGuid = objectGuid, Stamp = new ProvenStamp(stamp.Version, stamp.OriginatingSecond, stamp.InvocationId) });
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
    }

    /// <summary>The report, once the directory gave all of it.</summary>
    private static async Task<Dictionary<string, JsonElement>> ReportAsync(OperatorClient admin, params (string, string)[] parameters) => (await Settled.FindsAsync(
        () => admin.StreamAsync("sync report", int.MaxValue, Token, [("scope", "staff"), .. parameters]),
        rows => rows.Select(row => Text(row, "reason")).Where(reason => reason.StartsWith("The report is not complete", StringComparison.Ordinal)),
        [],
        "the directory can be asked",
        Token)).ToDictionary(row => Text(row, "account"));

    private static async Task<string> WhyAsync(OperatorClient admin, string user) => Text((await FindingsAsync(admin, user)).Single(), "why");

    /// <summary>What was found in the directory, once it could be asked.</summary>
    private static async Task<IReadOnlyList<JsonElement>> FindingsAsync(OperatorClient admin, string user) => (await Settled.FindsAsync(
        () => admin.RunAsync("sync explain", Token, ("user", user)),
        explained => explained.Rows("sources").Select(row => Text(row, "directory")).Where(found => found.StartsWith("cannot be asked", StringComparison.Ordinal)),
        [],
        "the directory can be asked",
        Token)).Rows("sources");

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
