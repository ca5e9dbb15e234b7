using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>A node and a client that several tests share, since a start costs seconds: for tests that leave both as they were.</summary>
public sealed class OnePbm : IAsyncLifetime
{
    private TestNode node = null!;

    internal PbmSession Pbm { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        node = await TestNode.StartAsync(new Dictionary<string, Providers.Memory.MemoryTarget>(), CancellationToken.None);
        Pbm = new PbmSession(node);

        // It takes its shards a moment after it begins to listen; from then on nothing changes by itself.
        await Eventually.HoldsAsync("a node that owns shards", TimeSpan.FromMinutes(5), _ => Task.FromResult(node.Server.Engine.Ownership.Shards.Count > 0), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Pbm?.Dispose();
        if (node is not null) await node.DisposeAsync();
    }
}
