using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PasswordSync.Providers.Abstractions.Protocol;

/// <summary>The server's first message. As many frames with secrets follow as it names, in its order.</summary>
public sealed record PluginHello(int Protocol, string SyncPoint, ImmutableDictionary<string, string> Settings, ImmutableArray<string> Secrets);

/// <summary>The plug-in's answer to it: either a refusal of the settings, or what the target takes and can do.</summary>
public sealed record PluginWelcome(int Protocol, string? Refusal = null, TargetDescription? Description = null);

/// <summary>What the server asks for.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<RequestWord>))]
public enum RequestWord
{
    Find,

    /// <summary>One frame with the password follows.</summary>
    Set,

    /// <summary>One frame with the password follows.</summary>
    Probe,

    Verify,
}

/// <summary>A request. Of the last three exactly the one is there that its word needs; none for <see cref="RequestWord.Verify"/>.</summary>
public sealed record PluginRequest(long Id, RequestWord Word)
{
    public SourceAccount? Find { get; init; }

    public PasswordChange? Set { get; init; }

    public ProbeQuestion? Probe { get; init; }
}

/// <summary>How a request ended.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<AnswerWord>))]
public enum AnswerWord
{
    Found,
    Delivered,
    AlreadyThere,
    NotFound,
    RefusedByPolicy,
    Transient,
    Throttled,
    Misconfigured,
    Unknown,
    Present,
    Absent,
    CannotTell,
    Good,
    Bad,
}

/// <summary>The answer to a request.</summary>
public sealed record PluginAnswer(AnswerWord Word)
{
    /// <summary>The request's id.</summary>
    public long Id { get; init; }

    public string? Reason { get; init; }

    public string? Remedy { get; init; }

    public string? Key { get; init; }

    public string? Name { get; init; }

    public string? Mark { get; init; }

    public double? RetryAfterSeconds { get; init; }

    internal static PluginAnswer Pause(TimeSpan retryAfter, string reason) => new(AnswerWord.Throttled) { RetryAfterSeconds = retryAfter.TotalSeconds, Reason = reason };
}

/// <summary>Messages as bytes, and back.</summary>
public static class PluginMessages
{
    public static byte[] Encode(PluginHello message) => JsonSerializer.SerializeToUtf8Bytes(message, MessagesJson.Default.PluginHello);

    public static byte[] Encode(PluginWelcome message) => JsonSerializer.SerializeToUtf8Bytes(message, MessagesJson.Default.PluginWelcome);

    public static byte[] Encode(PluginRequest message) => JsonSerializer.SerializeToUtf8Bytes(message, MessagesJson.Default.PluginRequest);

    public static byte[] Encode(PluginAnswer message) => JsonSerializer.SerializeToUtf8Bytes(message, MessagesJson.Default.PluginAnswer);

    public static PluginHello DecodeHello(byte[] frame) => Decode(frame, MessagesJson.Default.PluginHello);

    public static PluginWelcome DecodeWelcome(byte[] frame) => Decode(frame, MessagesJson.Default.PluginWelcome);

    public static PluginRequest DecodeRequest(byte[] frame) => Decode(frame, MessagesJson.Default.PluginRequest);

    public static PluginAnswer DecodeAnswer(byte[] frame) => Decode(frame, MessagesJson.Default.PluginAnswer);

    private static TMessage Decode<TMessage>(byte[] frame, System.Text.Json.Serialization.Metadata.JsonTypeInfo<TMessage> type)
        where TMessage : class
    {
        try
        {
            return JsonSerializer.Deserialize(frame, type) ?? throw new PluginProtocolException("A message is null.");
        }
        catch (JsonException)
        {
            // The exception's message may quote what was sent.
            throw new PluginProtocolException($"A frame is not the JSON of a {typeof(TMessage).Name}.");
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true, MaxDepth = 8)]
[JsonSerializable(typeof(PluginHello))]
[JsonSerializable(typeof(PluginWelcome))]
[JsonSerializable(typeof(PluginRequest))]
[JsonSerializable(typeof(PluginAnswer))]
internal sealed partial class MessagesJson : JsonSerializerContext;

internal sealed class CamelCaseEnumConverter<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where TEnum : struct, Enum;
