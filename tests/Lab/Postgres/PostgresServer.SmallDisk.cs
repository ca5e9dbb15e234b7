namespace PasswordSync.Lab;

public sealed partial class PostgresServer
{
    private const string SmallDisk = "small-disk";

    private (string Source, string Target)? smallDisk;

    private string FillerFile => $"/proc/{ProcessIds[0]}/root{folder.PathOf(SmallDisk)}/filler";

    /// <summary>As <see cref="StartAsync(IReadOnlyList{string}, CancellationToken)"/>, with all tables on a small disk of their own, which goes with the server; its log of changes is elsewhere.</summary>
    /// <param name="size">How large, as tmpfs understands it: "32m".</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<PostgresServer> StartOnSmallDiskAsync(string size, CancellationToken cancellationToken)
    {
        var server = new PostgresServer(TemporaryFolder.Create("pg"), FreePort.Find());
        try
        {
            var user = (await new ToolRun("/usr/bin/id", ["-u", "postgres"]).RunAsync(cancellationToken)).RequireSuccess().Output.Trim();
            var mountedAt = Directory.CreateDirectory(server.folder.PathOf(SmallDisk)).FullName;
            server.smallDisk = ($"tmpfs:size={size},mode=0700,uid={user}", mountedAt);
            await server.MakeAsync(["fsync = off"], cancellationToken);
            await server.StartAsync(cancellationToken);
            await server.RunSqlAsync($"CREATE TABLESPACE small LOCATION '{mountedAt}'", database: "postgres", cancellationToken);
            await server.RunSqlAsync($"CREATE DATABASE {Database} TABLESPACE small", database: "postgres", cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes all that is left on the small disk.</summary>
    public void FillSmallDisk()
    {
        using var filler = new FileStream(FillerFile, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4_096];
        try
        {
            while (true) filler.Write(page);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives back what <see cref="FillSmallDisk"/> took.</summary>
    public void EmptySmallDisk() => File.Delete(FillerFile);
}
