using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Settings;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.EdgeNode.Windows;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.EdgeNode.Doctor;

/// <summary>Looks at everything that an edge needs, whether or not it runs. Changes nothing.</summary>
/// <param name="configuration">The edge's configuration.</param>
/// <param name="clock">The clock.</param>
public sealed class EdgeDoctor(EdgeSettingsFile configuration, TimeProvider clock)
{
    /// <summary>A dropped file that lies longer is not being picked up.</summary>
    private static readonly TimeSpan DropPickedUpWithin = TimeSpan.FromMinutes(1);

    /// <summary>Looks.</summary>
    /// <param name="source">Looks at the domain controller and at what captures there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<Finding>> ExamineAsync(Func<CancellationToken, Task<IEnumerable<Finding>>> source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        return [.. Files(), .. Spool(), await SocketAsync(cancellationToken).ConfigureAwait(false), .. await NodesAsync(cancellationToken).ConfigureAwait(false), .. await source(cancellationToken).ConfigureAwait(false)];
    }

    private IEnumerable<Finding> Files()
    {
        var edge = configuration.Edge;
        yield return Rights("edge.json", configuration.File, MachineChecks.ForOthersReading, "Write it: docs/operations/single-node.md.");
        yield return Rights("key", configuration.PathOf(edge.Key), MachineChecks.ForOthersNothing, "Make it: PasswordSync.EdgeNode request.");
        if (edge.Directory.Password is { } password && SecretReference.FileOf(password) is { } file) yield return Rights("directory's password", configuration.PathOf(file), MachineChecks.ForOthersNothing, "Write it, or correct directory.password.");
        if (edge.RegistrationKey is { } registration && File.Exists(configuration.PathOf(registration))) yield return Rights("registration key", configuration.PathOf(registration), MachineChecks.ForOthersNothing, "");
        yield return Rights("data folder", configuration.PathOf(edge.Data), MachineChecks.ForOwnerAlone, "Start the edge once: it makes the folder.");
        yield return MachineChecks.Room("disk", Existing(configuration.PathOf(edge.Data)));
        yield return Rights("capture file", configuration.PathOf(edge.CaptureFile), MachineChecks.ForOthersReading, "The edge writes it after a node answered: see the checks of nodes, and start the edge.");
    }

    private IEnumerable<Finding> Spool()
    {
        var edge = configuration.Edge;
        var (spool, drop) = (Path.Combine(configuration.PathOf(edge.Data), "spool"), configuration.PathOf(edge.Drop));
        if (Directory.Exists(spool))
        {
            var bytes = new DirectoryInfo(spool).EnumerateFiles().Sum(one => one.Length);
            var found = $"{bytes >> 10} KiB of at most {edge.SpoolBytesMax >> 10} KiB.";
            yield return bytes > edge.SpoolBytesMax * 8 / 10 ? Finding.Bad("spool", found, "See why nodes take nothing (checks of nodes); beyond the bound captures are refused.") : Finding.Good("spool", found);
        }

        yield return Rights("drop folder", drop, MachineChecks.ForOwnerAlone, "Start the edge once: it makes the folder.");
        if (!Directory.Exists(drop)) yield break;
        var old = new DirectoryInfo(drop).EnumerateFiles().Count(one => clock.GetUtcNow() - one.LastWriteTimeUtc > DropPickedUpWithin);
        yield return old == 0 ? Finding.Good("dropped files", "None lies there for long.") : Finding.Bad("dropped files", $"{old} lie there for more than a minute.", "Start the edge, or see its log for event 5021.");
    }

    private async Task<Finding> SocketAsync(CancellationToken cancellationToken)
    {
        const string what = "edge";
        if (OperatingSystem.IsWindows())
        {
            return File.Exists($@"\\.\pipe\{configuration.Edge.Socket}") ? Finding.Good(what, "It runs: its pipe is there.") : Finding.Bad(what, "It does not run: its pipe is not there.", "Start the service PasswordSyncEdge.");
        }

        var path = configuration.PathOf(configuration.Edge.Socket);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return Finding.Good(what, $"It runs and listens at {path}.");
        }
        catch (SocketException failure)
        {
            return Finding.Bad(what, $"Nobody listens at {path}: {failure.Message}.", "Start it: systemctl start passwordsync-edge. Until then captures are dropped as files.");
        }
    }

    private async Task<IEnumerable<Finding>> NodesAsync(CancellationToken cancellationToken)
    {
        var edge = configuration.Edge;
        try
        {
            using var certificates = EdgeCertificates.Open(configuration, clock.GetUtcNow());
            var found = new List<Finding> { MachineChecks.Validity("own certificate", certificates.Certificate, clock.GetUtcNow(), "It renews itself: see the log for event 2743. By hand: make a request (request) and let a node sign it (sign-edge)."), Name(certificates.Certificate, certificates.Authority) };
            var look = new PeerLook(certificates.Authority, certificates.Certificate, edge.Cluster, clock);
            foreach (var node in edge.Nodes) found.AddRange(await look.AtAsync(new Uri(node), EdgeConfiguration.Path, cancellationToken).ConfigureAwait(false));
            return found;
        }
        catch (Exception failure) when (failure is SettingsException or System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [Finding.Bad("own certificate", failure.Message, "Make a request (request), let a node sign it (sign-edge), and copy the node's ca.pem; or bring a registration key (registrationKey) and start the edge.")];
        }
    }

    private Finding Name(X509Certificate2 certificate, X509Certificate2 authority)
    {
        const string what = "own name";
        var edge = configuration.Edge;
        if (!PeerTrust.TryIdentify(certificate, authority, edge.Cluster, clock.GetUtcNow(), out var name, out var refusal)) return Finding.Bad(what, refusal, "Have the certificate signed by this cluster (sign-edge), and copy its ca.pem.");
        var wanted = new PeerName.Edge(edge.Cluster, new SourceId(edge.Source), edge.DomainController);
        return name == wanted ? Finding.Good(what, $"The certificate is for {wanted.ToUri()}.") : Finding.Bad(what, $"The certificate is for {name.ToUri()}, edge.json says {wanted.ToUri()}.", "Correct source and domainController, or have a certificate signed for them.");
    }

    /// <summary>On Windows, where modes say nothing, the access list is looked at: this edge runs as SYSTEM, so nobody else needs to write anything.</summary>
    internal static Finding Rights(string what, string path, UnixFileMode forbidden, string missing)
    {
        var found = MachineChecks.Rights(what, path, forbidden, missing);
        if (!OperatingSystem.IsWindows() || found.Result == FindingResult.Bad) return found;
        return FileGuard.Look(path, secret: forbidden.HasFlag(UnixFileMode.OtherRead)) is { } wrong
            ? Finding.Bad(what, $"{path}: {wrong}.", "Repair the installation, which sets the rights of its folder, and look who changed them.")
            : Finding.Good(what, $"{path} is there, and is nobody else's to {(forbidden.HasFlag(UnixFileMode.OtherRead) ? "read or change" : "change")}.");
    }

    private static string Existing(string path)
    {
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent) path = parent;
        return path;
    }
}
