using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;

namespace PasswordSync.Nodes.Tests.Deliveries.Remote;

/// <summary>The authority of another cluster that has the same name.</summary>
internal sealed class ForeignAuthority : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("passwordsync-foreign-");

    private ForeignAuthority()
    {
    }

    public ClusterAuthority Authority { get; private set; } = null!;

    public static async Task<ForeignAuthority> CreateAsync(CancellationToken cancellationToken)
    {
        var foreign = new ForeignAuthority();
        foreign.Authority = await ClusterAuthority.OpenOrCreateAsync(foreign.folder.FullName, TestNode.Cluster, TestNode.Passphrase, DateTimeOffset.UtcNow.AddDays(-1), cancellationToken);
        return foreign;
    }

    public void Dispose()
    {
        Authority.Dispose();
        folder.Delete(recursive: true);
    }
}
