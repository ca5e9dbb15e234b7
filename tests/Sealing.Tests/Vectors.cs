using System.Text.Json;

namespace PasswordSync.Sealing.Tests;

/// <summary>Reads the vectors in tests/vectors, which other implementations share.</summary>
internal static class Vectors
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    public static T Read<T>(string fileName) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", fileName)), Options)
        ?? throw new InvalidDataException($"{fileName} is empty.");

    public static byte[] Bytes(this string hexadecimal) => Convert.FromHexString(hexadecimal);
}
