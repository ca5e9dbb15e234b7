using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
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
    public async Task I1_I3_a_database_that_is_lost_between_a_write_and_its_record_has_the_outcome_when_it_is_back_and_a_target_that_cannot_be_probed_is_written_to_once()
    {
        await using var server = await PostgresServer.StartAsync([], Token);
        var passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
        var expiry = TimeSpan.FromSeconds(6);
        var database = new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}", expiry = $"{expiry:c}" };
        using var beta = new MemoryTarget { ShowsMarks = false };
        beta.Add("ann");
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var probes = 0;
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token, LoseAfterWriteAsync, database: database);
        var change = await node.CaptureAsync("ann", "Before.2026!", 7, Token);
        await node.SendAsync(Token, change);
        await lost.Task.WaitAsync(Token);
        var attempt = node.Events.Select(entry => entry.Event).OfType<IdentityEvent.AttemptStarted>().Last().Attempt;

        // Longer than the attempt's deadline, after which it is given up, and than the node's lease.
        var longAfter = attempt.Deadline + DecisionRules.Default.DeadlineGrace + expiry;
        await Eventually.HoldsAsync("an outage longer than deadline and lease", TimeSpan.FromMinutes(5), _ => Task.FromResult(DateTimeOffset.UtcNow > longAfter), Token);
        await server.StartAsync(Token);

        var finished = await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.AttemptId == attempt.AttemptId, Token);
        finished.Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
        finished.At.ShouldBeGreaterThan(longAfter);

        // The next change goes the same way, so the first one is over.
        await Eventually.HoldsAsync(
            "a node that takes captures again", TimeSpan.FromMinutes(5), async token => (await node.SendAsync(token, await node.CaptureAsync("ann", "After.2026!", 8, token))).Captures.Single().Kind == AnswerKind.Accepted, Token);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId != change.CaptureId && e.Outcome.IsSuccess, Token);
        beta.Writes.Count(write => write.CaptureId == change.CaptureId).ShouldBe(1);
        probes.ShouldBe(0, "what is known needs no probe");
        beta.SignIn("ann", "After.2026!").ShouldBeTrue();
        node.Log.All.ShouldContain(line => line.Contains("could not be recorded; it is held", StringComparison.Ordinal));
        node.Log.All.ShouldContain(line => line.Contains("ended with Delivered is recorded after", StringComparison.Ordinal));

        async Task<DeliveryOutcome?> LoseAfterWriteAsync(MemoryCall call, CancellationToken _)
        {
            if (call.Step == MemoryStep.Probe)
            {
                Interlocked.Increment(ref probes);
                return new DeliveryOutcome.Transient("It cannot be asked.");
            }

            if (call.Step != MemoryStep.AfterWrite || lost.Task.IsCompleted) return null;
            await server.KillAsync(CancellationToken.None);
            lost.SetResult();
            return null;
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task I1_I3_a_node_that_is_stopped_while_it_holds_an_outcome_says_so_within_its_bound_and_the_next_start_probes_before_it_writes()
    {
        await using var server = await PostgresServer.StartAsync([], Token);
        var passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
        var database = new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}" };
        using var beta = new MemoryTarget();
        beta.Add("ann");
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(targets, Token, LoseAfterWriteAsync, database: database);
        await node.SendAsync(Token, await node.CaptureAsync("ann", "Before.2026!", 7, Token));
        await lost.Task.WaitAsync(Token);

        var began = TimeProvider.System.GetTimestamp();
        await node.Server.DisposeAsync();
        TestContext.Current.SendDiagnosticMessage($"stopped within {TimeProvider.System.GetElapsedTime(began)}");
        node.Log.All.ShouldContain(line => line.Contains("The node ends before 1 outcomes of deliveries could be recorded", StringComparison.Ordinal));
        node.Events.ShouldNotContain(entry => entry.Event is IdentityEvent.AttemptFinished);

        await server.StartAsync(Token);
        await node.RestartAsync(targets, script: null, Token);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.AlreadyThere, Token);
        beta.Writes.Length.ShouldBe(1);

        async Task<DeliveryOutcome?> LoseAfterWriteAsync(MemoryCall call, CancellationToken _)
        {
            if (call.Step != MemoryStep.AfterWrite || lost.Task.IsCompleted) return null;
            await server.KillAsync(CancellationToken.None);
            lost.SetResult();
            return null;
        }
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
