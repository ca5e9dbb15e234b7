using PasswordSync.Core.Ports;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Doctor;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Keys;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary>The nodes of the cluster, this one among them: from outside, at the addresses that edges are told.</summary>
internal sealed class PeerChecks(OperationServices services)
{
    public async Task<IEnumerable<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var members = await services.Store.Members.ListAsync(cancellationToken).ConfigureAwait(false);
            var credentials = services.Parts.Credentials;
            var look = new PeerLook(credentials.Root, credentials.Certificate, services.Configuration.Node.Cluster, services.MachineClock);
            var looks = await Task.WhenAll(
                from member in members
                where member.IsAlive
                from address in ClusterPeers.AddressesOf(member)
                select look.AtAsync(address, KeyReport.Path, cancellationToken)).ConfigureAwait(false);
            return [.. members.Select(Judge), .. looks.SelectMany(one => one)];
        }
        catch (StorageUnavailableException)
        {
            return [Finding.NotChecked("nodes", "The database does not say which nodes there are.")];
        }
    }

    /// <summary>What is to be said about a node of the cluster.</summary>
    internal static Finding Judge(ClusterMember member) => member switch
    {
        { IsAlive: false } => Finding.Warning($"node {member.Node.Name}", "It does not live; others have its work.", "Start it. If it is gone for good: pbm cluster down."),
        { Description.Version: { Length: > 0 } version } when version != ProductVersion.Text => Finding.Warning($"node {member.Node.Name}", $"It runs {version}, this node {ProductVersion.Text}.", "Bring all nodes to one version."),
        _ => Finding.Good($"node {member.Node.Name}", $"It lives and owns {member.Shards} shards."),
    };
}
