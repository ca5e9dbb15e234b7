using System.Text.Json.Serialization;

namespace PasswordSync.Journal.Formats;

/// <summary>The generated readers and writers of the stored shapes.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CaptureAcceptedBody))]
[JsonSerializable(typeof(CaptureIgnoredBody))]
[JsonSerializable(typeof(CaptureReportedBody))]
[JsonSerializable(typeof(AccountScopedBody))]
[JsonSerializable(typeof(PointAssignedBody))]
[JsonSerializable(typeof(PointWithdrawnBody))]
[JsonSerializable(typeof(DeliveryQueuedBody))]
[JsonSerializable(typeof(DeliveryEndedBody))]
[JsonSerializable(typeof(AttemptStartedBody))]
[JsonSerializable(typeof(AttemptFinishedBody))]
[JsonSerializable(typeof(ObstacleMetBody))]
[JsonSerializable(typeof(StateBody))]
[JsonSerializable(typeof(ConfirmedBody))]
[JsonSerializable(typeof(AmbiguousBody))]
[JsonSerializable(typeof(ReportBody))]
internal sealed partial class JournalJson : JsonSerializerContext;
