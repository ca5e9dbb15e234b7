using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Identities;

namespace PasswordSync.Hosting.Certificates;

/// <summary>
/// Who a certificate of the cluster stands for. It is a URI in the subject alternative name: <c>passwordsync://CLUSTER/node/NAME</c>,
/// <c>passwordsync://CLUSTER/edge/SOURCE/DC</c> or <c>passwordsync://CLUSTER/registration/SOURCE/ID</c>.
/// </summary>
public abstract record PeerName(string Cluster)
{
    private const string Scheme = "passwordsync";
    private const int RegistrationIdLength = 32;
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>A sync server.</summary>
    public sealed record Node(string Cluster, string Name) : PeerName(Cluster)
    {
        public override Uri ToUri() => new($"{Scheme}://{Cluster}/node/{Name}");
    }

    /// <summary>An edge: serves one source on one DC only.</summary>
    public sealed record Edge(string Cluster, SourceId Source, string DomainController) : PeerName(Cluster)
    {
        public override Uri ToUri() => new($"{Scheme}://{Cluster}/edge/{Source}/{DomainController}");
    }

    /// <summary>Whoever has a registration key: opens enrolment of edges of one source and nothing else. The id is 32 hexadecimal digits.</summary>
    public sealed record Registration(string Cluster, SourceId Source, string Id) : PeerName(Cluster)
    {
        public override Uri ToUri() => new($"{Scheme}://{Cluster}/registration/{Source}/{Id}");
    }

    /// <summary>The form that stands in certificates.</summary>
    public abstract Uri ToUri();

    /// <summary>Reads who a certificate stands for; false if it says nothing of the kind, or more than one thing.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out PeerName? name)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        name = null;
        var extension = certificate.Extensions.FirstOrDefault(extension => extension.Oid?.Value == SubjectAlternativeName);
        if (extension is null) return false;
        try
        {
            var names = Uris(extension.RawData).Select(Parse).OfType<PeerName>().ToList();
            name = names.Count == 1 ? names[0] : null;
            return name is not null;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static List<string> Uris(byte[] extension)
    {
        var found = new List<string>();
        var sequence = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (sequence.HasData)
        {
            if (sequence.PeekTag() == UriTag) found.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
            else sequence.ReadEncodedValue();
        }

        return found;
    }

    private static PeerName? Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Scheme) return null;
        return uri.AbsolutePath.Trim('/').Split('/') switch
        {
            ["node", var node] when node.Length > 0 => new Node(uri.Host, node),
            ["edge", var source, var controller] when SourceId.IsValid(source) && controller.Length > 0 => new Edge(uri.Host, new SourceId(source), controller),
            ["registration", var source, var id] when SourceId.IsValid(source) && id.Length == RegistrationIdLength && id.All(char.IsAsciiHexDigitLower) => new Registration(uri.Host, new SourceId(source), id),
            _ => null,
        };
    }
}
