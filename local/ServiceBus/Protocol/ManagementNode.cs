using Amqp;
using Amqp.Framing;
using Amqp.Types;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary><c>{queue}/$management</c>: what cannot be said by sending and receiving on links.</summary>
internal sealed class ManagementNode(MessageQueue queue) : IRequestNode
{
    private const int Ok = 200;
    private const int NoContent = 204;
    private const int NotFound = 404;
    private const int Gone = 410;
    private const int MaxPeek = 5000;

    static ManagementNode()
    {
        // The library makes arrays by reflection: under Native AOT their code exists only if it is used somewhere.
        GC.KeepAlive(new Array[] { new Guid[1], new long[1], new DateTime[1] });
    }

    public Message Answer(Message request)
    {
        var arguments = new Arguments(request);
        return arguments.Operation switch
        {
            "com.microsoft:renew-lock" => RenewLocks(arguments),
            "com.microsoft:peek-message" => Peek(arguments),
            "com.microsoft:schedule-message" => Schedule(arguments),
            "com.microsoft:cancel-scheduled-message" => CancelScheduled(arguments),
            "com.microsoft:update-disposition" => UpdateDisposition(arguments),
            "com.microsoft:receive-by-sequence-number" => ReceiveBySequenceNumber(arguments),
            _ => throw new RequestRefusedException(501, Errors.Of(ErrorCode.NotImplemented, $"The operation '{arguments.Operation}' is not known to this emulator.")),
        };
    }

    public Message AnswerRefusal(int status, Error error) => Reply(status, error.Description, body: null, error.Condition);

    private Message RenewLocks(Arguments arguments)
    {
        var ends = arguments.Array<Guid>("lock-tokens").Select(queue.RenewLock).ToList();
        return ends.Contains(null)
            ? throw new RequestRefusedException(Gone, Errors.LockLost())
            : Reply(Ok, "OK", new Map { ["expirations"] = ends.ConvertAll(end => end!.Value.UtcDateTime).ToArray() });
    }

    private Message Peek(Arguments arguments)
    {
        var messages = queue.Peek(arguments.Number("from-sequence-number"), (int)Math.Clamp(arguments.Number("message-count"), 1, MaxPeek));
        return messages.Count == 0
            ? Reply(NoContent, "No messages", body: null, Errors.MessageNotFound)
            : Reply(Ok, "OK", new Map { ["messages"] = ListOf(messages.Select(message => new Map { ["message"] = WireMessage.EncodeToArray(message) })) });
    }

    private Message Schedule(Arguments arguments)
    {
        var contents = arguments.Array<Map>("messages")
            .Select(entry => entry["message"] is byte[] encoded ? WireMessage.ToContent(WireMessage.Decode(encoded)) : throw RequestRefusedException.BadRequest("An entry of 'messages' has no 'message'."))
            .ToList();
        var numbers = contents.ConvertAll(entry => entry.ScheduledFor is { } at ? queue.Schedule(entry.Content, at) : queue.Enqueue(entry.Content));
        return Reply(Ok, "OK", new Map { ["sequence-numbers"] = numbers.ToArray() });
    }

    private Message CancelScheduled(Arguments arguments)
    {
        var cancelled = arguments.Array<long>("sequence-numbers").Select(queue.CancelScheduled).ToList();
        return cancelled.Contains(false)
            ? throw new RequestRefusedException(NotFound, Errors.Of(Errors.MessageNotFound, "No message with this sequence number is scheduled."))
            : Reply(Ok, "OK", body: null);
    }

    private Message UpdateDisposition(Arguments arguments)
    {
        var properties = arguments.Properties("properties-to-modify");
        Func<Guid, bool> settle = arguments.Text("disposition-status") switch
        {
            "completed" => queue.Complete,
            "abandoned" => token => queue.Abandon(token, properties),
            "defered" => token => queue.Defer(token, properties),
            "suspended" => token => queue.DeadLetter(token, arguments.TextOrNull("deadletter-reason"), arguments.TextOrNull("deadletter-description"), properties),
            var other => throw RequestRefusedException.BadRequest($"The disposition '{other}' is not known: it is completed, abandoned, defered or suspended."),
        };
        var settled = arguments.Array<Guid>("lock-tokens").Select(settle).ToList();
        return settled.Contains(false) ? throw new RequestRefusedException(Gone, Errors.LockLost()) : Reply(Ok, "OK", body: null);
    }

    private Message ReceiveBySequenceNumber(Arguments arguments)
    {
        // receiver-settle-mode: first (0) is receive-and-delete, second (1) is peek-lock.
        var mode = arguments.Number("receiver-settle-mode") == 0 ? ReceiveMode.ReceiveAndDelete : ReceiveMode.PeekLock;
        var messages = queue.TakeDeferred(arguments.Array<long>("sequence-numbers"), mode)
            ?? throw new RequestRefusedException(NotFound, Errors.Of(Errors.MessageNotFound, "No deferred message has one of these sequence numbers."));
        return Reply(Ok, "OK", new Map
        {
            ["messages"] = ListOf(messages.Select(message => new Map
            {
                ["message"] = WireMessage.EncodeToArray(message),
                ["lock-token"] = message.LockToken,
            })),
        });
    }

    private static List ListOf(IEnumerable<Map> maps)
    {
        var list = new List();
        list.AddRange(maps);
        return list;
    }

    private static Message Reply(int status, string description, Map? body, string? condition = null)
    {
        var properties = new ApplicationProperties { ["statusCode"] = status, ["statusDescription"] = description };
        if (condition is not null)
            properties["errorCondition"] = condition;
        return new Message { ApplicationProperties = properties, BodySection = new AmqpValue { Value = body ?? [] } };
    }

    /// <summary>The arguments of a request: a map with string keys in the body.</summary>
    private readonly struct Arguments(Message request)
    {
        private readonly Map _map = request.Body as Map ?? throw RequestRefusedException.BadRequest("The body of a request must be a map.");

        public string? Operation { get; } = request.ApplicationProperties?.Map["operation"] as string;

        public string Text(string name) => TextOrNull(name) ?? throw Missing(name, "a string");

        public string? TextOrNull(string name) => _map[name] as string;

        public long Number(string name) => _map[name] switch
        {
            int number => number,
            long number => number,
            uint number => number,
            _ => throw Missing(name, "a number"),
        };

        public T[] Array<T>(string name) => _map[name] switch
        {
            T[] array => array,
            List list when list.TrueForAll(item => item is T) => list.ConvertAll(item => (T)item).ToArray(),
            _ => throw Missing(name, $"an array of {typeof(T).Name}"),
        };

        public Dictionary<string, object> Properties(string name)
        {
            var properties = new Dictionary<string, object>();
            foreach (var (key, value) in _map[name] as Map ?? [])
                properties[key.ToString()!] = value;
            return properties;
        }

        private static RequestRefusedException Missing(string name, string kind) =>
            RequestRefusedException.BadRequest($"The argument '{name}' must be {kind}.");
    }
}
