using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>A whole node on a real PostgreSQL server that goes away and comes back.</summary>
public sealed class Node_on_postgresql_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_node_answers_try_again_while_its_database_is_away_and_goes_on_by_itself_when_it_is_back()
    {
        await using var server = await PostgresServer.StartAsync([], Token);
        var passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
        var database = new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}" };
        using var beta = new MemoryTarget();
        beta.Add("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, database: database, clock: new ClockAhead());
        await node.SendAsync(Token, await node.CaptureAsync("ann", "Before.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        var attempt = await node.WaitForAsync<IdentityEvent.AttemptStarted>(_ => true, Token);
        attempt.Attempt.Deadline.ShouldBeLessThan(DateTimeOffset.UtcNow + ClockAhead.By / 2, "other nodes read it: it is by the database's clock, not by this machine's");
        var later = await node.CaptureAsync("ann", "After.2026!", 8, Token);

        await server.KillAsync(Token);
        (await node.SendAsync(Token, later)).Captures.ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.TryAgain);
        await server.StartAsync(Token);
        await Eventually.HoldsAsync(
            "a node that takes captures again", TimeSpan.FromMinutes(5),
            async token => (await node.SendAsync(token, later)).Captures.Single().Kind != AnswerKind.TryAgain, Token);

        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId == later.CaptureId && e.Outcome.IsSuccess, Token);
        beta.SignIn("ann", "After.2026!").ShouldBeTrue();
        beta.Writes.Length.ShouldBe(2, "each change was sent once");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_with_the_authority_dates_its_own_certificate_by_the_database_s_clock_at_its_first_start_and_at_later_ones()
    {
        await using var server = await PostgresServer.StartAsync([], Token);
        var passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
        var database = new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}" };
        var targets = new Dictionary<string, MemoryTarget>();
        await using var node = await TestNode.StartAsync(targets, Token, database: database, clock: new ClockAhead());
        await AssertAsync();

        await node.RestartAsync(targets, script: null, Token);
        await AssertAsync();

        async Task AssertAsync()
        {
            using var shown = await CertificateOfAsync(node.Server.Addresses[0]);
            ClusterAuthority.SignedAt(shown).ShouldBeLessThan(DateTimeOffset.UtcNow + (ClockAhead.By / 2));
        }
    }

    // What the node shows to whoever comes, before it asks who that is.
    private static async Task<X509Certificate2> CertificateOfAsync(Uri address)
    {
        X509Certificate2? shown = null;
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Token);
        using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) =>
        {
            shown = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
            return false;
        });

        // One that is held up before it tells why it ends may find that the node has ended the connection already.
        var failure = await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address.Host }, Token));
        (failure is AuthenticationException or IOException).ShouldBeTrue($"{failure}");
        return shown.ShouldNotBeNull();
    }

    private sealed class ClockAhead : TimeProvider
    {
        public static readonly TimeSpan By = TimeSpan.FromMinutes(4);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
    }
}
