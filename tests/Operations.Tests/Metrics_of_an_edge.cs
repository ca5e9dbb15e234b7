using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Intake;
using PasswordSync.EdgeNode;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What a monitoring system gets from a whole edge of a real node.</summary>
public sealed class Metrics_of_an_edge
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Its_spool_and_what_becomes_of_captures_are_sent_to_a_collector_with_its_name()
    {
        await using var collector = await OtlpReceiver.StartAsync(Token);
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        var file = (await EdgeFolder.MakeAsync(node, Token)).File;
        var text = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, text.Replace("{\"cluster\"", $"{{\"metrics\":{{\"otlp\":\"{collector.Address}\",\"interval\":\"1s\"}},\"cluster\"", StringComparison.Ordinal), Token);
        var configuration = EdgeSettingsFile.Read(file);
        var certificates = EdgeCertificates.Open(configuration, DateTimeOffset.UtcNow);
        await using var edge = await EdgeServer.StartAsync(configuration, new MachinesAndSilence(), policies: null, filter: null, HookKind.BeforeCommit, certificates, TimeProvider.System, node.Log, Token);

        var resource = await collector.WaitForAsync("passwordsync.spool.captures", points => points[""] == 0, Token);
        resource.ShouldContain("passwordsync-edge");
        resource.ShouldContain("alpha/dc1.alpha.test");
        foreach (var user in (string[])["ada", "machine$"])
        {
            var dropped = Path.Combine(configuration.PathOf(configuration.Edge.Drop), $"{user}.tmp");
            await File.WriteAllBytesAsync(dropped, (await node.CaptureAsync(user, "Winter.2026!", 1, Token)).Envelope.ToArray(), Token);
            File.Move(dropped, Path.ChangeExtension(dropped, ".capture"));
        }

        // Of the one nothing can be said while the directory is silent; the other is of a kind that is never captured.
        await collector.WaitForAsync("passwordsync.edge.settled", points => points["excluded"] == 1 && points["sent"] == 0 && points["reported"] == 0 && points["unwanted"] == 0, Token);
        await collector.WaitForAsync("passwordsync.edge.captures", points => points["proving"] == 1 && points["matching"] == 0 && points["in_grace"] == 0 && points["sending"] == 0, Token);
        await collector.WaitForAsync("passwordsync.spool.captures", points => points[""] == 1, Token);
        await collector.WaitForAsync("passwordsync.spool.size", points => points[""] > 0, Token);
        await collector.WaitForAsync("passwordsync.spool.flushes", points => points[""] >= 1, Token);
        await collector.WaitForAsync("passwordsync.spool.full", points => points[""] == 0, Token);
        await collector.WaitForAsync("passwordsync.edge.waiting", points => points[""] == 0, Token);
        edge.Completion.IsCompleted.ShouldBeFalse();
    }

    /// <summary>A directory that knows computers and is silent about everybody else.</summary>
    private sealed class MachinesAndSilence : ISourceDirectory
    {
        public Task<AccountSearch> FindAsync(AccountQuery query, CancellationToken cancellationToken) => query.AccountName.EndsWith('$')
            ? Task.FromResult<AccountSearch>(new AccountSearch.Excluded(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow, AccountExclusion.Machine))
            : throw new DirectoryUnavailableException("Nobody answers.", null);

        public Task<ImmutableArray<string>> MatchAsync(DirectoryAccount account, ImmutableArray<ScopeRule> scopes, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("No account was found.");
    }
}
