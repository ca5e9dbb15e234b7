using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.Hosting.Doctor;

/// <summary>Looks at a node from outside, step by step: name, port, its certificate, and whether it takes ours.</summary>
/// <param name="authority">The cluster's authority.</param>
/// <param name="own">What this side shows, with its key.</param>
/// <param name="cluster">The cluster's name.</param>
/// <param name="clock">The clock.</param>
public sealed class PeerLook(X509Certificate2 authority, X509Certificate2 own, string cluster, TimeProvider clock)
{
    /// <summary>How long each step may take.</summary>
    public static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Looks at an address; ends at the first step that fails.</summary>
    /// <param name="address">Where the node should be.</param>
    /// <param name="path">What to ask it for; it must answer 200 to this side.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<Finding>> AtAsync(Uri address, string path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        var (found, what) = (new List<Finding>(), $"node {address.Authority}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            limit.CancelAfter(StepTimeout);
            var addresses = IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) ? [ip] : await Dns.GetHostAddressesAsync(address.Host, limit.Token).ConfigureAwait(false);
            found.Add(Finding.Good($"{what}: name", $"{address.Host} is {string.Join(", ", addresses.Select(one => one.ToString()))}."));
            using var tcp = new TcpClient();
            limit.CancelAfter(StepTimeout);
            await tcp.ConnectAsync(addresses, address.Port, limit.Token).ConfigureAwait(false);
            found.Add(Finding.Good($"{what}: port", $"Port {address.Port} is open."));
            await TrustAsync(what, address, path, found, limit).ConfigureAwait(false);
        }
        catch (SocketException failure) when (found.Count == 0)
        {
            found.Add(Finding.Bad($"{what}: name", $"{address.Host} has no address: {failure.Message}.", "Correct the name, or the machine's name servers."));
        }
        catch (SocketException failure)
        {
            found.Add(Finding.Bad($"{what}: port", $"Port {address.Port} cannot be reached: {failure.Message}.", "See that the node runs and listens there, and that no firewall is between."));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            found.Add(Finding.Bad($"{what}: {(found.Count == 0 ? "name" : found.Count == 1 ? "port" : "trust")}", $"There is no answer within {StepTimeout.TotalSeconds:0} s.", "See that the node runs, and that no firewall swallows the packets."));
        }

        return found;
    }

    // With TLS 1.3 a server refuses a certificate only after the handshake: the question shows it.
    private async Task TrustAsync(string what, Uri address, string path, List<Finding> found, CancellationTokenSource limit)
    {
        string? refusal = null;
        PeerName? shown = null;
        DateTimeOffset? ends = null;
        using var handler = new SocketsHttpHandler { ConnectTimeout = StepTimeout, UseProxy = false };
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = [own],
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                if (certificate is not X509Certificate2 peer) return false;
                ends = CertificateTerm.EndOf(peer);
                return PeerTrust.TryIdentify(peer, authority, cluster, clock.GetUtcNow(), out shown, out refusal) && shown is PeerName.Node;
            },
        };
        using var http = new HttpClient(handler);
        limit.CancelAfter(StepTimeout);
        try
        {
            var asked = clock.GetUtcNow();
            using var answer = await http.GetAsync(new Uri(address, path), HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            found.Add(Finding.Good($"{what}: certificate", $"It is {shown!.ToUri()}, valid until {ends:yyyy-MM-dd}."));
            found.Add(answer.StatusCode == HttpStatusCode.OK
                ? Finding.Good($"{what}: takes ours", "It answers this side's certificate.")
                : Finding.Bad($"{what}: takes ours", $"It answers with status {(int)answer.StatusCode}.", "Have this side's certificate signed anew, for the names in its configuration."));
            if (answer.Headers.Date is { } date) found.Add(MachineChecks.Clock($"{what}: clock", MachineChecks.ClockOffset(asked, date, clock.GetUtcNow())));
        }
        catch (HttpRequestException failure) when (refusal is not null || shown is PeerName.Edge)
        {
            found.Add(Finding.Bad($"{what}: certificate", $"It is refused: {refusal ?? $"it is of {shown!.ToUri()}, no node"}.", $"See what listens there ({failure.HttpRequestError}); compare both sides' ca.pem and the clocks."));
        }
        catch (HttpRequestException failure)
        {
            found.Add(shown is null
                ? Finding.Bad($"{what}: certificate", $"TLS fails: {Inner(failure)}", "See what listens there: it should be a node.")
                : Finding.Bad($"{what}: takes ours", $"It ends the connection: {Inner(failure)}", "It does not trust this side's certificate: see its log for event 4311, and have the certificate signed anew."));
        }
    }

    private static string Inner(Exception failure) => failure.InnerException is AuthenticationException or IOException or SocketException ? failure.InnerException.Message : failure.Message;
}
