using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>Two nodes over one real PostgreSQL server, each with half of the shards, and a client for each: what an operator has in a cluster.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private TwoNodes(PostgresServer server) => Server = server;

    public PostgresServer Server { get; }

    public TestNode North { get; private set; } = null!;

    public TestNode South { get; private set; } = null!;

    /// <summary>An administrator who asks the first node.</summary>
    public OperatorClient AtNorth { get; private set; } = null!;

    /// <summary>The same one, who asks the second.</summary>
    public OperatorClient AtSouth { get; private set; } = null!;

    /// <summary>Starts them.</summary>
    /// <param name="targets">The sync points.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="script">What the targets do.</param>
    /// <param name="retry">When failed deliveries are tried again.</param>
    /// <param name="boundTo">A label that the second node has, and the points are bound to; null if both carry them out.</param>
    public static async Task<TwoNodes> StartAsync(IReadOnlyDictionary<string, MemoryTarget> targets, CancellationToken cancellationToken, MemoryScript? script = null, object? retry = null, string? boundTo = null)
    {
        var nodes = new TwoNodes(await PostgresServer.StartAsync([], cancellationToken));
        try
        {
            var passwordFile = Path.Combine(nodes.Server.Folder, "database-password");
            await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, cancellationToken);

            // Nobody is to take over from a node that a busy machine keeps waiting: the tests end nodes in order, or take them down.
            var database = new { kind = "postgres", connection = nodes.Server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}", expiry = "00:05:00" };
            nodes.North = await TestNode.StartAsync(targets, cancellationToken, script, database: database, retry: retry, boundTo: boundTo);
            nodes.AtNorth = OperatorClient.First(nodes.North);
            nodes.South = await nodes.North.JoinAsync("node2", targets, cancellationToken, script, label: boundTo);
            nodes.AtSouth = OperatorClient.With(nodes.South, OperatorClient.FirstToken(nodes.North));
            await nodes.AtNorth.UntilAsync("cluster show", shown => shown.Rows().All(row => row.GetProperty("shards").GetInt32() == 128), cancellationToken);
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        AtNorth?.Dispose();
        AtSouth?.Dispose();
        if (South is not null) await South.DisposeAsync();
        if (North is not null) await North.DisposeAsync();
        await Server.DisposeAsync();
    }
}
