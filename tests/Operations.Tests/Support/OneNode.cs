using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Xunit;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>A node that several tests share, since a start costs seconds: for tests that leave it as it was.</summary>
public sealed class OneNode : IAsyncLifetime
{
    private readonly MemoryTarget beta = new();

    internal TestNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        beta.Dispose();
    }
}
