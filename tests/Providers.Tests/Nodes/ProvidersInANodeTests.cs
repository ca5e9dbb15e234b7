using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.EntraId;
using PasswordSync.Providers.Tests.LocalAccounts;
using PasswordSync.Providers.Tests.Passwordstate;
using PasswordSync.Providers.Tests.PostgreSqlRoles;
using PasswordSync.Providers.Tests.Scim;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Nodes;

/// <summary>Behind a real node, with the settings that an administrator writes: one sync point for each kind that other tests ask directly, and the same people in all targets.</summary>
public sealed class ProvidersInANodeTests(LabServers servers, PostgreSqlRolesServer postgres, PatchingScimServer scim) : IClassFixture<PatchingScimServer>
{
    private const string Former = "F0rmer.Passw0rd!";

    /// <summary>The sync points.</summary>
    private const string Entra = "entra", Scim = "scim", Roles = "roles", Local = "local", Vault = "vault";

    // Without an account a delivery is tried for some seconds, and one that a busy machine keeps from its target a few times is not parked.
    private const int AttemptsMax = 30;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task Passwords_of_several_people_arrive_in_targets_of_every_kind_and_who_is_refused_is_explained_and_delivered_after_the_remedy()
    {
        await using var entra = await EntraConformanceTarget.OpenAsync(withCertificate: false, options => options, budget: null, Token);
        await using var users = new ScimConformanceTarget(scim.Server, withOAuth: false);
        await using var roles = new PostgreSqlRolesTarget(postgres, readsVerifiers: false);
        await using var local = new LocalAccountsTarget(await servers.FileServerAsync(Token));
        await using var vault = await PasswordstateConformanceTarget.OpenAsync(Token);
        var targets = new Dictionary<string, ConformanceTarget> { [Entra] = entra, [Scim] = users, [Roles] = roles, [Local] = local, [Vault] = vault };
        var points = targets.ToImmutableSortedDictionary(target => target.Key, target => (target.Value.Provider.Description.Kind, (object)SettingsOf(target.Value)));
        await using var node = await TestNode.StartWithPointsAsync(points, "5m", Token, AttemptsMax);
        using var admin = OperatorClient.First(node);
        string[] people = [Login("ada"), Login("bob"), Login("cem")];
        await Task.WhenAll(people.Select(person => AddAsync(targets, person)));

        var captures = new List<(string Person, CaptureId Capture)>();
        foreach (var person in people) captures.Add((person, await SendAsync(node, person, $"N3w.{person}!", 1)));

        await Task.WhenAll(captures.Select(sent => ArrivesAsync(node, targets, sent.Person, sent.Capture, $"N3w.{sent.Person}!")));
        (await admin.RunAsync("sync parked list", Token)).Rows().ShouldBeEmpty();

        await WhoHasNoAccountAsync(node, admin, targets);
        await WhoHasAWeakPasswordAsync(node, admin, targets, people[0]);
        await admin.UntilAsync("sync parked list", listed => listed.Rows().Count == 0, Token);
        string.Join('\n', node.Log.All).ShouldNotContain("N3w.");
    }

    /// <summary>With all the time that a busy machine may need for a call.</summary>
    private static JsonObject SettingsOf(ConformanceTarget target)
    {
        var settings = JsonSerializer.SerializeToNode(((IConfigurableTarget)target).Settings)!.AsObject();
        settings["limits"] = new JsonObject { ["callTimeout"] = "5m" };
        return settings;
    }

    private static async Task WhoHasNoAccountAsync(TestNode node, OperatorClient admin, Dictionary<string, ConformanceTarget> targets)
    {
        var person = Login("new");
        var capture = await SendAsync(node, person, "N3w.C0mer!", 1);
        var reasons = new Dictionary<string, string>
        {
            [Entra] = $"userPrincipalName=userPrincipalName ('{person}@alpha.test')",
            [Scim] = $"userPrincipalName=userName ('{person}@alpha.test')",
            [Roles] = $"There is no role \"{person}\".",
            [Local] = $"{SambaHost(targets)}\\{person}. The server answered 0xC0000064",
            [Vault] = $"sAMAccountName=UserName ('{person}')",
        };

        await AllParkedAsync(admin, person, "attempts exhausted", targets.Keys);
        foreach (var row in (await admin.RunAsync("sync explain", Token, ("user", person))).Rows("sync points"))
        {
            Text(row, "state").ShouldBe("parked", row.ToString());
            Text(row, "reason").ShouldContain(reasons[Text(row, "point")]);
            Text(row, "action").ShouldContain($"Make the account in the target, or correct the matching, then: pbm sync retry {person} -p {Text(row, "point")}");
        }

        await AddAsync(targets, person);
        foreach (var point in targets.Keys) await admin.RunAsync("sync retry", Token, ("user", person), ("point", point));

        await ArrivesAsync(node, targets, person, capture, "N3w.C0mer!");
    }

    private static async Task WhoHasAWeakPasswordAsync(TestNode node, OperatorClient admin, Dictionary<string, ConformanceTarget> targets, string person)
    {
        await SendAsync(node, person, "Sh0rt!", 2);

        await AllParkedAsync(admin, person, "refused by policy", targets.Keys);
        foreach (var (point, target) in targets) (await target.HasAsync(Any.Names(person), $"N3w.{person}!", Token)).ShouldBeTrue(point);

        // The remedy is the person's: a password that they all take.
        await ArrivesAsync(node, targets, person, await SendAsync(node, person, "N3w.L0nger!", 3), "N3w.L0nger!");
    }

    private static async Task AddAsync(Dictionary<string, ConformanceTarget> targets, string person)
    {
        foreach (var target in targets.Values) await ((IConfigurableTarget)target).AddAsync(person, Former, Token);
    }

    private static async Task<CaptureId> SendAsync(TestNode node, string person, string password, uint version)
    {
        var capture = await node.CaptureAsync(person, password, version, Token);
        await node.SendAsync(Token, capture);
        return capture.CaptureId;
    }

    /// <summary>Waits until the node has delivered a change everywhere, and asks the targets.</summary>
    private static async Task ArrivesAsync(TestNode node, Dictionary<string, ConformanceTarget> targets, string person, CaptureId capture, string password)
    {
        await Task.WhenAll(targets.Select(async target =>
        {
            await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId == capture && e.Point.Value == target.Key && e.Outcome.IsSuccess, Token);
            (await target.Value.HasAsync(Any.Names(person), password, Token)).ShouldBeTrue($"{target.Key} has the password of {person}");
        }));
    }

    private static async Task AllParkedAsync(OperatorClient admin, string person, string why, IEnumerable<string> points)
    {
        var parked = await admin.UntilAsync("sync parked list", listed => listed.Rows().Count(row => Text(row, "user") == person) == points.Count(), Token);
        parked.Rows().Select(row => (Text(row, "user"), Text(row, "point"), Text(row, "why"))).ShouldBe(points.Select(point => (person, point, why)), ignoreOrder: true);
        parked.Rows().ShouldAllBe(row => Text(row, "reason").Length > 0);
    }

    private static string SambaHost(Dictionary<string, ConformanceTarget> targets) => ((LocalAccountsTarget)targets[Local]).Options.Host;

    private static string Login(string name) => $"{name}{Guid.NewGuid():N}"[..12];

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
