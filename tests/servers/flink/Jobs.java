// A job for every state that a cockpit must tell apart: Jobs NAME finished|failed|running

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

public class Jobs {
    public static void main(String[] arguments) throws Exception {
        String name = arguments[0];
        String end = arguments[1];
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        environment.setParallelism(1);
        environment
            .fromSequence(1, end.equals("running") ? Long.MAX_VALUE : 100)
            .name("orders")
            .map(number -> {
                if (end.equals("failed")) throw new IllegalStateException("card gateway answered 503");
                if (end.equals("running")) Thread.sleep(50);
                return number;
            })
            .returns(Long.class)
            .name("charge")
            .sinkTo(new DiscardingSink<>())
            .name("nowhere");
        environment.execute(name);
    }
}
