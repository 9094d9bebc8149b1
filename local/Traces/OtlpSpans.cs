using System.Globalization;
using CtSeg.Telemetry;
using Google.Protobuf;

namespace CtSeg.Local.Traces;

/// <summary>
/// Reads an <c>ExportTraceServiceRequest</c> (opentelemetry-proto 1.x, collector/trace/v1) in protobuf. Field numbers are part of that protocol and do
/// not change; fields that are not needed are skipped.
/// </summary>
internal static class OtlpSpans
{
    private const string ServiceName = "service.name";
    private const int StatusError = 2;
    private const int TicksPerMicrosecond = 10;

    /// <exception cref="InvalidProtocolBufferException">It is no such message.</exception>
    public static IReadOnlyList<ExportedSpan> Read(byte[] request)
    {
        var spans = new List<ExportedSpan>();
        Fields(ByteString.CopyFrom(request), (field, input) =>
        {
            if (field != 1)
                return false;
            ReadResourceSpans(input.ReadBytes(), spans);
            return true;
        });
        return spans;
    }

    private static void ReadResourceSpans(ByteString message, List<ExportedSpan> spans)
    {
        var resource = new Dictionary<string, string>();
        var scopes = new List<ByteString>();
        Fields(message, (field, input) =>
        {
            if (field == 1)
                Fields(input.ReadBytes(), (inner, attributes) => inner == 1 && ReadAttribute(attributes.ReadBytes(), resource));
            else if (field == 2)
                scopes.Add(input.ReadBytes());
            return field is 1 or 2;
        });
        var service = resource.GetValueOrDefault(ServiceName, "");
        if (!int.TryParse(resource.GetValueOrDefault(TelemetryAttributes.ProcessId), CultureInfo.InvariantCulture, out var process))
            process = 0;
        foreach (var scope in scopes)
            Fields(scope, (field, input) =>
            {
                if (field != 2)
                    return false;
                spans.Add(ReadSpan(input.ReadBytes(), service, process));
                return true;
            });
    }

    private static ExportedSpan ReadSpan(ByteString message, string service, int process)
    {
        string traceId = "", spanId = "", parentId = "", name = "";
        ulong start = 0, end = 0;
        var failed = false;
        var attributes = new Dictionary<string, string>();
        var events = new List<string>();
        Fields(message, (field, input) =>
        {
            switch (field)
            {
                case 1: traceId = Hex(input.ReadBytes()); return true;
                case 2: spanId = Hex(input.ReadBytes()); return true;
                case 4: parentId = Hex(input.ReadBytes()); return true;
                case 5: name = input.ReadString(); return true;
                case 7: start = input.ReadFixed64(); return true;
                case 8: end = input.ReadFixed64(); return true;
                case 9: return ReadAttribute(input.ReadBytes(), attributes);
                case 11: events.Add(ReadEventName(input.ReadBytes())); return true;
                case 15: failed = ReadStatus(input.ReadBytes()) == StatusError; return true;
                default: return false;
            }
        });
        return new ExportedSpan(
            traceId, spanId, parentId.Length > 0 ? parentId : null, name, TimeOf(start), TimeOf(end) - TimeOf(start), failed, service, process, attributes)
        { Events = events };
    }

    private static string ReadEventName(ByteString message)
    {
        var name = "";
        Fields(message, (field, input) =>
        {
            if (field == 2)
                name = input.ReadString();
            return field == 2;
        });
        return name;
    }

    private static int ReadStatus(ByteString message)
    {
        var code = 0;
        Fields(message, (field, input) =>
        {
            if (field == 3)
                code = input.ReadEnum();
            return field == 3;
        });
        return code;
    }

    private static bool ReadAttribute(ByteString message, Dictionary<string, string> attributes)
    {
        var key = "";
        string? value = null;
        Fields(message, (field, input) =>
        {
            if (field == 1)
                key = input.ReadString();
            else if (field == 2)
                value = ReadScalar(input.ReadBytes());
            return field is 1 or 2;
        });
        if (value is not null)
            attributes[key] = value;
        return true;
    }

    private static string? ReadScalar(ByteString message)
    {
        string? value = null;
        Fields(message, (field, input) =>
        {
            value = field switch
            {
                1 => input.ReadString(),
                2 => input.ReadBool() ? "true" : "false",
                3 => input.ReadInt64().ToString(CultureInfo.InvariantCulture),
                4 => input.ReadDouble().ToString(CultureInfo.InvariantCulture),
                _ => null,
            };
            return value is not null;
        });
        return value;
    }

    /// <param name="read">Reads the value of a field; false, and nothing read, for one that is to be skipped.</param>
    private static void Fields(ByteString message, Func<int, CodedInputStream, bool> read)
    {
        using var input = message.CreateCodedInput();
        while (input.ReadTag() is not 0 and var tag)
            if (!read(WireFormat.GetTagFieldNumber(tag), input))
                input.SkipLastField();
    }

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static DateTimeOffset TimeOf(ulong nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 1000) * TicksPerMicrosecond);
}
