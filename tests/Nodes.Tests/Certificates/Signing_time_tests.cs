using System.CommandLine;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Journal;
using PasswordSync.Journal.Postgres;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Commands;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Certificates;

/// <summary>Certificates that commands sign are compared with revocations that nodes write: both must have the cluster's time, on a real PostgreSQL server.</summary>
public sealed class Signing_time_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task What_a_command_signs_has_the_databases_time_and_nothing_is_signed_without_it()
    {
        await using var server = await PostgresServer.StartAsync([], Token);
        using var fixture = new CertificateFixture();
        var configuration = await ConfigureAsync(server, fixture.Folder);
        using var authority = await ClusterAuthority.OpenOrCreateAsync(configuration.DataFolder, TestNode.Cluster, CertificateFixture.Passphrase, DateTimeOffset.UtcNow.AddDays(-1), Token);

        // The server has this machine's clock; both are read within moments.
        var began = DateTimeOffset.UtcNow;
        var clock = await NodeStore.ReadClockAsync(configuration, new ManualClock(began + TimeSpan.FromMinutes(20)), Token);
        clock.GetUtcNow().ShouldBeInRange(began - TimeSpan.FromMilliseconds(1), DateTimeOffset.UtcNow);
        var farOff = new ManualClock(began - TimeSpan.FromHours(3));
        (await Should.ThrowAsync<StorageUnavailableException>(() => NodeStore.ReadClockAsync(configuration, farOff, Token))).Message.ShouldContain("Set right the one that is wrong");

        var answer = Path.Combine(fixture.Folder, "edge.pem");
        (await SignAsync(configuration, answer)).ShouldBe(0);
        File.Delete(answer);
        await server.KillAsync(Token);
        (await SignAsync(configuration, answer)).ShouldNotBe(0);
        (await MakeKeyAsync(configuration, answer)).ShouldNotBe(0);
        File.Exists(answer).ShouldBeFalse();
    }

    [Fact(Timeout = 600_000)]
    public async Task What_the_server_refuses_is_told_at_once_and_a_server_that_is_away_is_waited_for()
    {
        await using var server = await PostgresServer.StartAsync([], Token);
        using var fixture = new CertificateFixture();
        var configuration = await ConfigureAsync(server, fixture.Folder);
        var right = await File.ReadAllTextAsync(PasswordFileOf(server), Token);
        await File.WriteAllTextAsync(PasswordFileOf(server), "not the password", Token);

        // Nobody moves this clock: whoever waits, waits for ever.
        var clock = new ManualClock(DateTimeOffset.UtcNow);
        var refused = await Should.ThrowAsync<StoreRefusedException>(() => NodeStore.WaitForClockAsync(configuration, clock, Token));
        refused.Message.ShouldContain("it refused the password; look at the reference of the password and the role");
        await Should.ThrowAsync<StoreRefusedException>(() => NodeStore.SetClockAsync(configuration, new DatabaseClock(clock), NullLoggerFactory.Instance, Token));
        await Should.ThrowAsync<StoreRefusedException>(() => NodeStore.OpenAsync(configuration, new DatabaseClock(clock), NullLoggerFactory.Instance, Token));

        await File.WriteAllTextAsync(PasswordFileOf(server), right, Token);
        await server.KillAsync(Token);
        var waiting = NodeStore.WaitForClockAsync(configuration, clock, Token);
        await clock.WhenArmedAsync(1);
        waiting.IsCompleted.ShouldBeFalse();
        clock.Sleep(TimeSpan.FromSeconds(30));
        clock.Advance(clock.NextTimer!.Value);
        (await Should.ThrowAsync<StorageUnavailableException>(() => waiting)).Message.ShouldContain("cannot be used");
    }

    private static string PasswordFileOf(PostgresServer server) => Path.Combine(server.Folder, "database-password");

    private static async Task<NodeConfiguration> ConfigureAsync(PostgresServer server, string folder)
    {
        var passwordFile = PasswordFileOf(server);
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
        var database = new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}" };
        await TestNode.WriteConfigurationAsync(folder, ["beta"], database, new { }, Token);
        var configuration = NodeConfiguration.Read(Path.Combine(folder, "node.json"));
        Directory.CreateDirectory(configuration.DataFolder);
        return configuration;
    }

    private static async Task<int> SignAsync(NodeConfiguration configuration, string output)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = output + ".csr";
        await File.WriteAllTextAsync(request, CertificateFixture.RequestOf(key), Token);
        return await new RootCommand { SignEdgeCommand.Create() }
            .Parse(["sign-edge", "--config", configuration.File, "--source", "alpha", "--dc", TestNode.DomainController, "--request", request, "--out", output]).InvokeAsync(cancellationToken: Token);
    }

    private static Task<int> MakeKeyAsync(NodeConfiguration configuration, string output) => new RootCommand { RegistrationKeyCommand.Create() }
        .Parse(["registration-key", "--config", configuration.File, "--source", "alpha", "--out", output]).InvokeAsync(cancellationToken: Token);
}
