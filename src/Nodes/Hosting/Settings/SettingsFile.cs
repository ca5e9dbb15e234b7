using System.Text.Json;
using System.Text.Json.Serialization;
using PasswordSync.Core.Settings;

namespace PasswordSync.Hosting.Settings;

/// <summary>
/// Reads configuration files: JSON with comments and trailing commas allowed, names in camel case, unknown keys refused (a misspelt key would otherwise
/// silently do nothing).
/// </summary>
public static class SettingsFile
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int BytesMax = 4 << 20;

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new DurationConverter(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Reads one file.</summary>
    /// <exception cref="SettingsException">It is missing, too large, not JSON, or has keys or types that do not fit; the message says where.</exception>
    public static T Read<T>(string path)
        where T : class
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) throw Fault(path, "(file)", "", "the file does not exist: make it, or name another with --config.");
            if (file.Length > BytesMax) throw Fault(path, "(file)", $"{file.Length} bytes", $"use at most {BytesMax}.");
            using var stream = file.OpenRead();
            return JsonSerializer.Deserialize<T>(stream, Format) ?? throw Fault(path, "(file)", "null", "write an object: { … }.");
        }
        catch (JsonException failure)
        {
            throw Fault(path, failure.Path ?? "(file)", "", $"line {failure.LineNumber + 1}: {Shorten(failure.Message)}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Fault(path, "(file)", "", failure.Message);
        }
    }

    /// <summary>A path in a configuration file is relative to that file.</summary>
    public static string Resolve(string configurationFile, string path) =>
        Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(configurationFile))!);

    private static SettingsException Fault(string path, string key, string found, string remedy) => new(path, [new SettingFault(key, found, remedy)]);

    // The serializer's messages end with path and position, which are told already.
    private static string Shorten(string message) => message.Split(" Path: ", 2)[0];
}
