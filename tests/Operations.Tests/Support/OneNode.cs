using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Xunit;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>
/// A node that all tests share which leave it as it was, since a start costs seconds: no edge was ever heard of, and nothing was captured. A class that looks at all that was
/// ever done at its node takes one of its own as its fixture.
/// </summary>
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
