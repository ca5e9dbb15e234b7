using PasswordSync.Hosting;
using PasswordSync.Hosting.Doctor;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary>The node itself: whether it works, its certificates, keys, files and disk.</summary>
internal sealed class OwnChecks(OperationServices services)
{
    public async Task<IEnumerable<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var (node, parts, now) = (services.Configuration.Node, services.Parts, services.Now);
        var troubles = await services.Health.ReadyAsync(cancellationToken).ConfigureAwait(false);
        var key = parts.KeyRing.Ring.CurrentKey(now);
        return
        [
            troubles.IsEmpty ? Finding.Good("node", $"{ProductVersion.Text} works and owns {services.Engine.Ownership.Shards.Count} shards.") : Finding.Bad("node", string.Join(' ', troubles), "See its log: pbm log peek."),
            MachineChecks.Validity("own certificate", parts.Credentials.Certificate, now, parts.Credentials.Authority is null ? "It renews itself: see the log for event 4322. By hand: request, sign-node." : "It renews itself: see the log for event 4322."),
            MachineChecks.Validity("cluster's authority", parts.Credentials.Root, now, "Plan a new cluster authority: every edge and node needs a certificate of it."),
            MachineChecks.Validity("operators' certificate", parts.AdminCertificate, now, "Restart the node: it makes a new one with the same key."),
            key is null ? Finding.Bad("envelope keys", "No key is published.", "See the log for event 4202.") : Finding.Good("envelope keys", $"{(parts.KeyRing.Ring.Keys.Length == 1 ? "1 key" : $"{parts.KeyRing.Ring.Keys.Length} keys")}; the published one was made at {key.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm}Z."),
            .. FileChecks.Of(services.Configuration),
            MachineChecks.Room("disk", services.Configuration.DataFolder),
            .. node.Log.Folder is { } folder ? [MachineChecks.Room("disk of the log", services.Configuration.PathOf(folder))] : Array.Empty<Finding>(),
        ];
    }
}
