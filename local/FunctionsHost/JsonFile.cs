using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Reads one JSON object from a configuration file (comments allowed, as in the real host).</summary>
internal static class JsonFile
{
    /// <exception cref="FunctionAppException">The file is missing or no JSON object.</exception>
    public static JObject Read(string path)
    {
        if (!File.Exists(path))
            throw new FunctionAppException($"{path} is missing: give the folder of a published Functions app.");
        try
        {
            using JsonTextReader reader = new(new StreamReader(path)) { DateParseHandling = DateParseHandling.None };
            return JObject.Load(reader);
        }
        catch (JsonException e)
        {
            throw new FunctionAppException($"{path} is no JSON object: {e.Message}", e);
        }
    }
}
