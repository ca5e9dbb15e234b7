using Microsoft.Data.Sqlite;
using PasswordSync.Nodes.Tests.Support;
using Shouldly;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>The database of a node, changed behind its back: as another version of the product, or damage, may have left it.</summary>
internal static class NodeDatabase
{
    /// <summary>A kind of event that no version knows yet.</summary>
    public const string NewerKind = "of-a-newer-version.1";

    /// <summary>Runs a statement, which must change something.</summary>
    public static async Task ChangeAsync(TestNode node, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(node.Folder, "data", "node.db")};Pooling=False");
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        (await command.ExecuteNonQueryAsync(cancellationToken)).ShouldBeGreaterThan(0);
    }
}
