using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace PasswordSync.SyncNode.Keys;

/// <summary>What a node tells another of its key ring: no secret.</summary>
/// <param name="Format">1; a node refuses what it does not know.</param>
/// <param name="Fingerprint">Of all that the ring knows.</param>
/// <param name="Keys">The ids of the keys that it holds.</param>
internal sealed record KeyReport(int Format, string Fingerprint, ImmutableArray<string> Keys)
{
    public const int FormatKnown = 1;

    /// <summary>Where it is asked for, below a node's address.</summary>
    public const string Path = "node/v1/keys";

    /// <summary>Where the ring itself is asked for: the body is the public key to seal it to, in hexadecimal digits.</summary>
    public const string TransferPath = "node/v1/keys/transfer";

    /// <summary>The most bytes of its JSON.</summary>
    public const int BytesMax = 64 * 1_024;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeyReport))]
internal sealed partial class KeyJson : JsonSerializerContext;
