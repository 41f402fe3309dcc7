<?php
// As much of WordPress as a file in mu-plugins meets: it reads {"plugin", "filter", "values", "get"} and says what the
// filter makes of the values.

$filters = array();

function add_filter( $name, $function, $priority = 10, $arguments = 1 ) {
	global $filters;
	$filters[ $name ][ $priority ][] = array( $function, $arguments );
}

function apply_filters( $name, $value, ...$more ) {
	global $filters;
	ksort( $filters[ $name ] );
	foreach ( array_merge( ...$filters[ $name ] ) as list( $function, $arguments ) ) {
		$value = $function( ...array_slice( array( $value, ...$more ), 0, $arguments ) );
	}
	return $value;
}

function wp_salt( $scheme ) {
	return "a salt of this site for $scheme";
}

$asked = json_decode( file_get_contents( 'php://stdin' ), true );
$_GET  = $asked['get'];
require $asked['plugin'];
echo json_encode( apply_filters( $asked['filter'], ...$asked['values'] ) );
