using System.Text.Json;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>A node between two real domains with different password policies, and fine-grained ones in both.</summary>
public sealed class Comparison_of_policies
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task What_a_target_domain_refuses_that_the_source_takes_is_told_by_verify_and_at_the_nodes_start()
    {
        var starting = SambaDomain.StartAsync(new SambaDomainOptions(), Token);
        await using var beta = await SambaDomain.StartAsync(new SambaDomainOptions { Realm = "STRICT.TEST", Users = 2, PasswordPolicy = new PasswordPolicy { MinimumLength = 12, MaximumAgeDays = 42 } }, Token);
        await using var alpha = await starting;
        await PolicyAsync(alpha, alpha.Users[0].AccountName, "service", "--min-pwd-length=4", "--complexity=off");
        await PolicyAsync(alpha, user: null, "unused", "--min-pwd-length=1");
        await PolicyAsync(beta, beta.Users[0].AccountName, "admins", "--min-pwd-length=14");
        var folder = Directory.CreateTempSubdirectory("passwordsync-policies-").FullName;
        try
        {
            await WriteAsync(folder, alpha, beta);
            using var log = new LogLines();
            await using var node = await SyncServer.StartAsync(NodeConfiguration.Read(Path.Combine(folder, "node.json")), ProviderRegistry.BuiltIn, (_, _) => { }, TimeProvider.System, log, Token);
            using var admin = OperatorClient.First(folder, node);

            var checks = string.Join('\n', (await admin.RunAsync("sync point verify", Token, ("point", "beta"))).Rows().Select(row => $"{row.GetProperty("check")}: {row.GetProperty("result")}: {row.GetProperty("finding")}"));

            checks.ShouldContain("Passwords of 4 to 11 characters would be refused and parked: the domain's policy asks for 12, the fine-grained policy 'service' of the source for 4, the domain's policy of the source for 7.", Case.Sensitive, checks);
            checks.ShouldContain("Passwords of 4 to 13 characters would be refused and parked: the fine-grained policy 'admins' asks for 14");
            checks.ShouldContain("the domain's policy asks for complexity, the fine-grained policy 'service' of the source does not.");
            checks.ShouldContain("the domain's policy expires after 42 days, the domain's policy of the source never expires");
            checks.ShouldNotContain("unused");
            checks.ShouldNotContain("policy of alpha: history");
            await Eventually.HoldsAsync(
                "the warning at the node's start", TimeSpan.FromMinutes(3), _ => Task.FromResult(log.All.Any(line => line.Contains("Warning", StringComparison.Ordinal) && line.Contains("policy of alpha: length", StringComparison.Ordinal) && line.Contains("4 to 11 characters", StringComparison.Ordinal))), Token);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PolicyAsync(SambaDomain domain, string? user, string name, params string[] rules)
    {
        (await domain.First.SambaToolAsync(["domain", "passwordsettings", "pso", "create", name, "10", .. rules], "", Token)).RequireSuccess();
        if (user is not null) (await domain.First.SambaToolAsync(["domain", "passwordsettings", "pso", "apply", name, user], "", Token)).RequireSuccess();
    }

    private static async Task WriteAsync(string folder, SambaDomain alpha, SambaDomain beta)
    {
        await TestNode.WriteConfigurationAsync(folder, ["beta"], new { kind = "sqlite" }, new { }, Token);
        var password = Path.Combine(folder, "administrator");
        await File.WriteAllTextAsync(password, SambaDomain.AdministratorPassword, Token);
        var node = JsonSerializer.Deserialize<Dictionary<string, object>>(await File.ReadAllTextAsync(Path.Combine(folder, "node.json"), Token))!;
        node["sources"] = new { alpha = new { servers = new[] { $"{alpha.First.Address}:636" }, security = "ldaps", roots = new[] { alpha.AuthorityFile }, bindName = alpha.AdministratorName, bindPassword = $"file:{password}" } };
        var settings = new { servers = new[] { $"{beta.First.Address}:636" }, security = "ldaps", trustedRoots = new[] { beta.AuthorityFile }, bindName = beta.AdministratorName, bindPassword = $"file:{password}" };
        await File.WriteAllTextAsync(Path.Combine(folder, "node.json"), JsonSerializer.Serialize(node), Token);
        await File.WriteAllTextAsync(Path.Combine(folder, "points.json"), JsonSerializer.Serialize(new { points = new[] { new { name = "beta", provider = "activeDirectory", settings } } }), Token);
    }
}
